#include "scenarios/import/spans.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "scenarios/import/json_fault.hpp"

namespace tailrace::scenarios {

namespace {

using Json = nlohmann::json;

constexpr double kLatest = 9e18;  // of times in ns

const std::string kNothing;

const std::string& text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get_ref<const std::string&>() : kNothing;
}

std::optional<double> number_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? std::optional(it->get<double>()) : std::nullopt;
}
// A number, or a text of digits as OTLP writes 64 bits.
std::optional<std::int64_t> nanoseconds_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return {};
  if (it->is_number_integer() && !it->is_number_unsigned()) {
    const auto n = it->get<std::int64_t>();
    return n >= 0 ? std::optional(n) : std::nullopt;
  }
  if (it->is_number_unsigned()) {
    const auto n = it->get<std::uint64_t>();
    return n <= static_cast<std::uint64_t>(kLatest) ? std::optional(static_cast<std::int64_t>(n))
                                                    : std::nullopt;
  }
  if (!it->is_string()) return {};
  const std::string& digits = it->get_ref<const std::string&>();
  std::uint64_t n = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (fault != std::errc() || end != digits.data() + digits.size() || digits.empty()) return {};
  return n <= static_cast<std::uint64_t>(kLatest) ? std::optional(static_cast<std::int64_t>(n))
                                                  : std::nullopt;
}

// What attributes and tags say, whichever format they are in.
struct Facts {
  std::string kind, instance, peer, database, status;
  std::string piece;
  bool error = false;
};

int peer_rank(std::string_view key) {  // the later, the better a name for whom is called
  constexpr std::string_view kKeys[] = {"net.peer.name",    "server.address", "rpc.service",
                                        "messaging.system", "db.system",      "db.system.name",
                                        "db.name",          "db.namespace",   "peer.service"};
  const auto it = std::find(std::begin(kKeys), std::end(kKeys), key);
  return it == std::end(kKeys) ? -1 : static_cast<int>(it - std::begin(kKeys));
}

void learn(Facts& facts, int& best_peer, std::string_view key, const std::string& value) {
  if (key == "span.kind") facts.kind = value;
  if (key == "service.instance.id" ||
      (facts.instance.empty() &&
       (key == "tailrace.instance" || key == "host.name" || key == "hostname" || key == "k8s.pod.name")))
    facts.instance = value;
  if (key == "db.system" || key == "db.system.name" || key == "db.type") facts.database = value;
  if (key == "error" && value != "false" && value != "0" && !value.empty()) facts.error = true;
  if (key == "otel.status_code" && value == "ERROR") facts.error = true;
  if (key == "tailrace.place" && facts.piece.empty()) facts.piece = value;
  if (const int rank = peer_rank(key); rank > best_peer && !value.empty()) {
    best_peer = rank;
    facts.peer = value;
  }
}

std::string scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  return {};
}

Span::Piece piece_of(const std::string& name) {
  return name == "network" ? Span::Piece::network : name == "queue" ? Span::Piece::queue : Span::Piece::other;
}

void set_times(Span& span, SpanSet& set, std::int64_t start, std::int64_t end) {
  span.start = start;
  span.end = end;
  if (end < start) {
    span.end = start;
    ++set.backwards;
  }
}

void set_facts(Span& span, SpanSet& set, const Facts& facts, const std::string& name) {
  span.name = set.names.of(name);
  if (!facts.instance.empty()) span.instance = set.names.of(facts.instance);
  span.peer = set.names.of(facts.peer);
  span.database = !facts.database.empty();
  span.error = facts.error;
  if (!facts.piece.empty()) span.piece = piece_of(name);
  if (facts.kind == "server") span.kind = Span::Kind::server;
  if (facts.kind == "client") span.kind = Span::Kind::client;
  if (facts.kind == "producer") span.kind = Span::Kind::producer;
  if (facts.kind == "consumer") span.kind = Span::Kind::consumer;
}

// --- OpenTelemetry

void otlp_attributes(const Json& owner, Facts& facts) {
  const auto list = owner.find("attributes");
  if (list == owner.end() || !list->is_array()) return;
  int best_peer = -1;
  for (const Json& a : *list) {
    if (!a.is_object()) continue;
    const auto value = a.find("value");
    if (value == a.end() || !value->is_object() || value->empty()) continue;
    learn(facts, best_peer, text_of(a, "key"), scalar_text(*value->begin()));
  }
}

void otlp_span(const Json& object, SpanSet& set) {
  const std::string &trace = text_of(object, "traceId"), &id = text_of(object, "spanId"),
                    &parent = text_of(object, "parentSpanId");
  const auto start = nanoseconds_of(object, "startTimeUnixNano"),
             end = nanoseconds_of(object, "endTimeUnixNano");
  if (trace.empty() || id.empty() || !start || !end) {
    ++set.unusable;
    return;
  }
  Span span;
  span.id = set.ids.of(trace + "/" + id);
  if (!parent.empty() && parent.find_first_not_of('0') != std::string::npos)
    span.parent = set.ids.of(trace + "/" + parent);
  set_times(span, set, *start, *end);
  Facts facts;
  otlp_attributes(object, facts);
  constexpr const char* kKinds[] = {"", "internal", "server", "client", "producer", "consumer"};
  if (const auto kind = number_of(object, "kind"); kind && *kind >= 1 && *kind <= 5) {
    facts.kind = kKinds[static_cast<int>(*kind)];
  } else if (std::string word = text_of(object, "kind"); word.rfind("SPAN_KIND_", 0) == 0) {
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    facts.kind = word.substr(10);
  }
  if (const auto status = object.find("status"); status != object.end() && status->is_object()) {
    const auto code = number_of(*status, "code");
    if ((code && *code == 2) || text_of(*status, "code") == "STATUS_CODE_ERROR") facts.error = true;
  }
  set_facts(span, set, facts, text_of(object, "name"));
  set.spans.push_back(span);
}

// The service stands beside the spans, before or behind them.
void otlp_resource(const Json& object, SpanSet& set, std::size_t& owned) {
  std::string service, instance;
  if (const auto resource = object.find("resource"); resource != object.end() && resource->is_object()) {
    Facts facts;
    otlp_attributes(*resource, facts);
    instance = facts.instance;
    if (const auto list = resource->find("attributes"); list != resource->end() && list->is_array()) {
      for (const Json& a : *list) {
        if (!a.is_object() || text_of(a, "key") != "service.name") continue;
        const auto value = a.find("value");
        if (value != a.end() && value->is_object() && !value->empty()) service = scalar_text(*value->begin());
      }
    }
  }
  const std::uint32_t s = set.names.of(service.empty() ? "unknown" : service), i = set.names.of(instance);
  for (; owned < set.spans.size(); ++owned) {
    set.spans[owned].service = s;
    if (set.spans[owned].instance == 0) set.spans[owned].instance = i;
  }
}

// --- Jaeger

void jaeger_tags(const Json& owner, Facts& facts) {
  const auto list = owner.find("tags");
  if (list == owner.end() || !list->is_array()) return;
  int best_peer = -1;
  for (const Json& tag : *list) {
    if (!tag.is_object()) continue;
    const auto value = tag.find("value");
    if (value != tag.end()) learn(facts, best_peer, text_of(tag, "key"), scalar_text(*value));
  }
}

void jaeger_span(const Json& object, SpanSet& set, std::vector<std::uint32_t>& processes) {
  const std::string &trace = text_of(object, "traceID"), &id = text_of(object, "spanID");
  const auto start = number_of(object, "startTime"), duration = number_of(object, "duration");
  const bool times = start && duration && *start >= 0 && *start * 1e3 <= kLatest &&
                     std::fabs(*duration) * 1e3 <= kLatest / 2 && (*start + *duration) * 1e3 <= kLatest;
  if (trace.empty() || id.empty() || !times) {
    ++set.unusable;
    return;
  }
  Span span;
  span.id = set.ids.of(trace + "/" + id);
  std::string parent = text_of(object, "parentSpanID");
  if (const auto list = object.find("references"); list != object.end() && list->is_array()) {
    for (const Json& r : *list) {
      if (!r.is_object() || text_of(r, "spanID").empty()) continue;
      const bool child = text_of(r, "refType") != "FOLLOWS_FROM";
      if (!child && !parent.empty()) continue;
      parent = text_of(r, "spanID");
      span.follows = !child;
      if (child) break;
    }
  }
  if (!parent.empty()) span.parent = set.ids.of(trace + "/" + parent);
  const std::int64_t begin = static_cast<std::int64_t>(std::llround(*start)) * 1000;
  set_times(span, set, begin, begin + static_cast<std::int64_t>(std::llround(*duration)) * 1000);
  Facts facts;
  jaeger_tags(object, facts);
  set_facts(span, set, facts, text_of(object, "operationName"));
  processes.push_back(set.names.of(text_of(object, "processID")));
  if (const auto own = object.find("process"); own != object.end() && own->is_object())
    span.service = set.names.of(text_of(*own, "serviceName"));
  set.spans.push_back(span);
}

void jaeger_processes(const Json& object, SpanSet& set, std::vector<std::uint32_t>& pending) {
  const std::size_t first = set.spans.size() - pending.size();
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> known;  // service and instance
  const auto processes = object.find("processes");
  if (processes != object.end() && processes->is_object()) {
    for (const auto& [key, process] : processes->items()) {
      if (!process.is_object()) continue;
      Facts facts;
      jaeger_tags(process, facts);
      known[set.names.of(key)] = {set.names.of(text_of(process, "serviceName")),
                                  set.names.of(facts.instance)};
    }
  }
  for (std::size_t i = 0; i < pending.size(); ++i) {
    Span& span = set.spans[first + i];
    if (const auto it = known.find(pending[i]); it != known.end()) {
      span.service = it->second.first;
      if (span.instance == 0) span.instance = it->second.second;
    }
    if (span.service == 0) span.service = set.names.of("unknown");
  }
  pending.clear();
}

// Objects are handed over as they end, and what seen() takes is thrown away.
template <class Seen>
bool stream(std::string_view text, SpanSet& set, const Seen& seen) {
  const auto callback = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event != Json::parse_event_t::object_end || !value.is_object()) return true;
    return !seen(depth, value);
  };
  try {
    const Json rest = Json::parse(text.begin(), text.end(), callback);
    return true;
  } catch (const Json::parse_error& fault) {
    set.error = json_fault(text, fault.byte, fault.what());
  } catch (const Json::exception& fault) {
    set.error = fmt::format("1:1: not usable JSON: {}", json_reason(fault.what()));
  }
  return false;
}

}  // namespace

std::uint32_t NameTable::of(std::string_view name) {
  const auto [it, fresh] = numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(texts_.size()));
  if (fresh) texts_.push_back(&it->first);
  return it->second;
}

SpanSet read_otlp(std::string_view text) {
  SpanSet set;
  std::size_t owned = 0;
  const auto seen = [&](int, const Json& object) {
    if (object.contains("spanId") && object.contains("traceId") && object.contains("startTimeUnixNano")) {
      otlp_span(object, set);
      return true;
    }
    if (object.contains("scopeSpans") || object.contains("instrumentationLibrarySpans")) {
      otlp_resource(object, set, owned);
      return true;
    }
    return false;
  };
  // One document per line, where the first line is one by itself.
  const std::size_t newline = text.find('\n');
  const std::string_view first = text.substr(0, newline);
  const bool lines =
      newline != std::string_view::npos && !first.empty() && Json::accept(first.begin(), first.end());
  if (!lines) {
    stream(text, set, seen);
  } else {
    std::size_t number = 1;
    for (std::size_t at = 0; at < text.size() && set.error.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      at = end + 1;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      if (!stream(line, set, seen)) set.error = fmt::format("{}{}", number, set.error.substr(1));
    }
  }
  Json nothing = Json::object();
  otlp_resource(nothing, set, owned);
  return set;
}

SpanSet read_jaeger(std::string_view text) {
  SpanSet set;
  std::vector<std::uint32_t> pending;
  stream(text, set, [&](int, const Json& object) {
    if (object.contains("spanID") && object.contains("traceID") && object.contains("startTime")) {
      jaeger_span(object, set, pending);
      return true;
    }
    if (object.contains("processes") || object.contains("spans")) {
      jaeger_processes(object, set, pending);
      return true;
    }
    return false;
  });
  jaeger_processes(Json::object(), set, pending);
  return set;
}

}  // namespace tailrace::scenarios
