#include "viewer/model/stored_traces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "analysis/tail/tail.hpp"
#include "scenarios/import/json_fault.hpp"
#include "viewer/model/waterfall.hpp"

namespace tailrace::viewer {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using models::TraceExample;
using models::TraceSegment;
using models::TraceSpan;

constexpr std::uintmax_t kLargest = 64 * 1024 * 1024;  // bytes of a file
constexpr int kDeepest = 1000;                         // calls inside calls

// What is wrong, and where in the document.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string read_json(const fs::path& file, Json& json) {
  std::error_code code;
  const std::uintmax_t size = fs::file_size(file, code);
  if (code) return fmt::format("{} cannot be read: {}", file.string(), code.message());
  if (size > kLargest) return fmt::format("{} is too large to be shown ({} MiB)", file.string(), size >> 20);
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& fault) {
    return fmt::format("{}:{}", file.string(), scenarios::json_fault(text, fault.byte, fault.what()));
  }
  return "";
}

// --- reading what must be there

const Json& member(const Json& object, const char* key, const std::string& where) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || it == object.end())
    throw Damage(fmt::format("{}: \"{}\" is missing", where, key));
  return *it;
}

const Json& list(const Json& object, const char* key, const std::string& where) {
  const Json& value = member(object, key, where);
  if (!value.is_array()) throw Damage(fmt::format("{}.{}: expected a list", where, key));
  return value;
}

const std::string& text(const Json& object, const char* key, const std::string& where) {
  const Json& value = member(object, key, where);
  if (!value.is_string()) throw Damage(fmt::format("{}.{}: expected a text", where, key));
  return value.get_ref<const std::string&>();
}

// A number, or a text of its digits as OTLP writes 64 bits.
template <class Number>
std::optional<Number> whole(const std::string& digits, int base = 10) {
  Number n = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), n, base);
  if (fault != std::errc() || digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  return n;
}
std::int64_t count(const Json& object, const char* key, const std::string& where) {
  const Json& value = member(object, key, where);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string())
    if (const auto n = whole<std::int64_t>(value.get_ref<const std::string&>())) return *n;
  throw Damage(fmt::format("{}.{}: expected a whole number", where, key));
}

// Attributes of a span, by name, as texts.
using Attributes = std::map<std::string, std::string>;
Attributes attributes(const Json& owner, const std::string& where) {
  Attributes all;
  for (const Json& a : list(owner, "attributes", where)) {
    const std::string& key = text(a, "key", where + ".attributes");
    const Json& value = member(a, "value", where + ".attributes." + key);
    if (!value.is_object() || value.empty()) continue;
    const Json& held = *value.begin();
    all[key] = held.is_string() ? held.get<std::string>() : held.dump();
  }
  return all;
}
std::string find(const Attributes& all, const char* key) {
  const auto it = all.find(key);
  return it == all.end() ? std::string() : it->second;
}

// --- names of the scene

class Names {
 public:
  explicit Names(const Scene& scene) : model_(*scene.model) {
    const models::Topology& t = *model_.topology;
    for (std::uint32_t c = 0; c < model_.classes.size(); ++c) classes_.emplace(class_name(scene, c), c);
    for (std::uint32_t e = 0; e < t.edges.size(); ++e) {
      edges_.emplace(t.operation_name(static_cast<int>(t.edges[e].operation)), e);
      const std::uint32_t guard = model_.edges[e].guard;
      if (guard == models::kNoId || model_.guards[guard].publication == models::kNoId) continue;
      const auto& publication = model_.publications[model_.guards[guard].publication];
      edges_.emplace("send " + t.channels[publication.channel].name, e);
    }
    for (std::uint32_t g = 0; g < model_.groups.size(); ++g) {
      const models::GroupTable& group = model_.groups[g];
      const models::MessageChannel& channel = t.channels[group.channel];
      groups_.emplace(std::pair(channel.name, channel.groups[group.subscription].name), g);
    }
    for (const SceneNode& node : scene.nodes)
      if (!node.stations.empty())
        stations_.emplace(node.name, static_cast<std::uint32_t>(node.stations.front()));
    using Kind = models::TracePlace::Kind;
    const auto places = [&](Kind kind, std::size_t size) {
      for (std::uint32_t i = 0; i < size; ++i) {
        const models::TracePlace place{kind, i};
        places_.emplace(analysis::place_name(model_, place), place);
      }
    };
    places(Kind::station, t.stations.size());
    places(Kind::edge, t.edges.size());
    places(Kind::channel, t.channels.size());
    places(Kind::cache, t.caches.size());
    places(Kind::workload, t.workloads.size());
    for (std::size_t r = 0; r < models::kReasons; ++r)
      reasons_.emplace(models::reason_name(static_cast<models::Reason>(r)), static_cast<models::Reason>(r));
    for (std::size_t o = 0; o < models::kOutcomeNames.size(); ++o)
      outcomes_.emplace(models::kOutcomeNames[o], static_cast<models::Outcome>(o));
  }

  std::uint32_t cls(const std::string& name, const std::string& where) const {
    return of(classes_, name, where, "class of requests");
  }
  std::uint32_t edge(const std::string& name, const std::string& where) const {
    return of(edges_, name, where, "call");
  }
  std::uint32_t group(const std::string& channel, const std::string& name, const std::string& where) const {
    const auto it = groups_.find({channel, name});
    if (it == groups_.end()) unknown(where, "consumer group", channel + "/" + name);
    return it->second;
  }
  models::TracePlace place(const std::string& name, const std::string& where) const {
    return of(places_, name, where, "place");
  }
  models::Reason reason(const std::string& name, const std::string& where) const {
    return of(reasons_, name, where, "reason");
  }
  models::Outcome outcome(const std::string& name, const std::string& where) const {
    return of(outcomes_, name, where, "outcome");
  }
  // Of an attempt it is the operation's, of anything else the component's first.
  std::uint32_t station(const std::string& service, const TraceSpan& span) const {
    if (span.kind == TraceSpan::Kind::attempt) {
      const models::Topology& t = *model_.topology;
      const int s = t.operations[static_cast<std::size_t>(t.edges[span.id].operation)].station;
      if (s >= 0) return static_cast<std::uint32_t>(s);
    }
    const auto it = stations_.find(service);
    return it == stations_.end() ? models::kNoSpan : it->second;
  }

 private:
  [[noreturn]] static void unknown(const std::string& where, const char* what, const std::string& name) {
    throw Damage(fmt::format("{}: the scenario has no {} \"{}\"", where, what, name));
  }
  template <class Value>
  static Value of(const std::map<std::string, Value>& all, const std::string& name, const std::string& where,
                  const char* what) {
    const auto it = all.find(name);
    if (it == all.end()) unknown(where, what, name);
    return it->second;
  }

  const models::CompiledModel& model_;
  std::map<std::string, std::uint32_t> classes_, edges_, stations_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> groups_;
  std::map<std::string, models::TracePlace> places_;
  std::map<std::string, models::Reason> reasons_;
  std::map<std::string, models::Outcome> outcomes_;
};

// --- traces.json

// One that the file has: where it stands there, and of which service it is.
struct FileSpan {
  const Json* json;
  std::string where, service;
};
using Trace = std::map<std::uint64_t, FileSpan>;  // by span id

// The traces by what summary.json calls them: class, replication, number.
using RequestName = std::tuple<std::string, std::int64_t, std::int64_t>;

std::map<RequestName, Trace> traces_of(const Json& json) {
  std::map<std::string, Trace> by_id;
  const Json& resources = list(json, "resourceSpans", "traces.json");
  for (std::size_t r = 0; r < resources.size(); ++r) {
    const std::string where = fmt::format("resourceSpans[{}]", r);
    const Attributes owner = attributes(member(resources[r], "resource", where), where + ".resource");
    const Json& scopes = list(resources[r], "scopeSpans", where);
    for (std::size_t s = 0; s < scopes.size(); ++s) {
      const std::string scope = fmt::format("{}.scopeSpans[{}]", where, s);
      const Json& spans = list(scopes[s], "spans", scope);
      for (std::size_t i = 0; i < spans.size(); ++i) {
        const std::string here = fmt::format("{}.spans[{}]", scope, i);
        const auto id = whole<std::uint64_t>(text(spans[i], "spanId", here), 16);
        if (!id) throw Damage(here + ".spanId: expected hexadecimal digits");
        by_id[text(spans[i], "traceId", here)][*id] = {&spans[i], here, find(owner, "service.name")};
      }
    }
  }
  std::map<RequestName, Trace> named;
  for (auto& [id, trace] : by_id) {
    const FileSpan& root = trace.begin()->second;
    const Attributes facts = attributes(*root.json, root.where);
    const auto replication = whole<std::int64_t>(find(facts, "tailrace.replication"));
    const auto number = whole<std::int64_t>(find(facts, "tailrace.number"));
    if (!replication || !number)
      throw Damage(fmt::format("{}: the trace {} does not begin with its request", root.where, id));
    named[{text(*root.json, "name", root.where), *replication, *number}] = std::move(trace);
  }
  return named;
}

void add_span(const FileSpan& from, const Attributes& facts, const Names& names, TraceSpan& span) {
  constexpr int kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5;
  const std::string& name = text(*from.json, "name", from.where);
  switch (count(*from.json, "kind", from.where)) {
    case kClient:
      span.kind = TraceSpan::Kind::request;
      span.id = names.cls(name, from.where);
      break;
    case kServer:
    case kProducer:
      span.kind = TraceSpan::Kind::attempt;
      span.id = names.edge(name, from.where);
      break;
    case kConsumer:
      span.kind = TraceSpan::Kind::process;
      span.id = names.group(find(facts, "messaging.destination.name"),
                            find(facts, "messaging.consumer.group.name"), from.where);
      break;
    default:
      span.kind = name == "background" ? TraceSpan::Kind::background : TraceSpan::Kind::branch;
      if (name.starts_with("branch ")) span.id = whole<std::uint32_t>(name.substr(7)).value_or(0);
  }
  span.critical = find(facts, "tailrace.critical") == "true";
  span.retry = find(facts, "tailrace.retry") == "true";
  span.hedge = find(facts, "tailrace.hedge") == "true";
  span.unfinished = find(facts, "tailrace.unfinished") == "true";
  if (const auto instance = whole<std::uint32_t>(find(facts, "tailrace.instance"))) {
    span.instance = *instance;
    span.station = names.station(from.service, span);
  }
}

// Spans of the request's own first, in the order of their ids; then what each of them waited for. What lies
// between, where a span has nothing of its own, is its wait for the spans below it.
void add_waits(TraceExample& example) {
  std::vector<std::vector<TraceSegment>> own(example.spans.size());
  for (std::size_t i = 0; i < example.spans.size(); ++i) {
    TraceSpan& span = example.spans[i];
    const auto first = example.segments.begin() + span.first_segment;
    std::vector<TraceSegment> told(first, first + span.segments);
    std::sort(told.begin(), told.end(),
              [](const TraceSegment& a, const TraceSegment& b) { return a.start_ns < b.start_ns; });
    std::int64_t until = span.start_ns;
    const auto wait = [&](std::int64_t from, std::int64_t to) {
      if (to <= from) return;
      TraceSegment gap;
      gap.start_ns = from, gap.end_ns = to, gap.waits = true, gap.critical = span.critical;
      own[i].push_back(gap);
    };
    for (const TraceSegment& segment : told) {
      wait(until, segment.start_ns);
      own[i].push_back(segment);
      until = std::max(until, segment.end_ns);
    }
    wait(until, span.end_ns);
  }
  example.segments.clear();
  for (std::size_t i = 0; i < own.size(); ++i) {
    example.spans[i].first_segment = static_cast<std::uint32_t>(example.segments.size());
    example.spans[i].segments = static_cast<std::uint32_t>(own[i].size());
    example.segments.insert(example.segments.end(), own[i].begin(), own[i].end());
  }
}

void read_spans(const Trace& trace, const Names& names, TraceExample& example) {
  struct Known {
    std::uint32_t number;
    int depth;
  };
  std::map<std::uint64_t, Known> known;
  std::vector<std::vector<TraceSegment>> segments;
  for (const auto& [id, from] : trace) {
    const Attributes facts = attributes(*from.json, from.where);
    const std::int64_t start = count(*from.json, "startTimeUnixNano", from.where),
                       end = count(*from.json, "endTimeUnixNano", from.where);
    if (start < 0 || end < start) throw Damage(from.where + ": it ends before it starts");
    std::optional<Known> parent;
    if (from.json->contains("parentSpanId")) {
      const auto it =
          known.find(whole<std::uint64_t>(text(*from.json, "parentSpanId", from.where), 16).value_or(0));
      if (it == known.end()) throw Damage(from.where + ".parentSpanId: no span before it has this id");
      parent = it->second;
    }
    if (!parent && !known.empty()) throw Damage(from.where + ": \"parentSpanId\" is missing");
    if (const std::string place = find(facts, "tailrace.place"); !place.empty() && parent) {
      TraceSegment segment;
      segment.start_ns = start, segment.end_ns = end;
      segment.place = names.place(place, from.where);
      segment.reason = names.reason(text(*from.json, "name", from.where), from.where);
      segment.critical = find(facts, "tailrace.critical") == "true";
      segments[parent->number].push_back(segment);
      continue;
    }
    TraceSpan span;
    span.start_ns = start, span.end_ns = end;
    if (parent) span.parent = parent->number;
    add_span(from, facts, names, span);
    const int depth = parent ? parent->depth + 1 : 0;
    if (depth > kDeepest) throw Damage(fmt::format("{}: more than {} calls deep", from.where, kDeepest));
    known[id] = {static_cast<std::uint32_t>(example.spans.size()), depth};
    example.spans.push_back(span);
    segments.emplace_back();
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    example.spans[i].first_segment = static_cast<std::uint32_t>(example.segments.size());
    example.spans[i].segments = static_cast<std::uint32_t>(segments[i].size());
    example.segments.insert(example.segments.end(), segments[i].begin(), segments[i].end());
  }
  if (example.spans.empty() || example.spans[0].kind != TraceSpan::Kind::request)
    throw Damage(trace.begin()->second.where + ": a trace begins with its request");
  add_waits(example);
}

// --- summary.json

void read_parts(const Json& exemplar, const Names& names, const std::string& where, TraceExample& example) {
  for (const Json& part : list(exemplar, "parts", where)) {
    models::TracePart out;
    out.place = names.place(text(part, "place", where), where);
    out.reason = names.reason(text(part, "reason", where), where);
    out.ns = count(part, "ns", where);
    example.own_parts.push_back(out);
  }
  example.request.parts = static_cast<std::uint32_t>(example.own_parts.size());
}

class Reader {
 public:
  Reader(const Scene& scene, StoredTraces& out) : names_(scene), out_(out) {}

  void run(const Json& summary, const std::map<RequestName, Trace>& traces) {
    const Json& tail = member(summary, "tail", "summary.json");
    const Json& classes = list(tail, "classes", "summary.json: tail");
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const std::string where = fmt::format("summary.json: tail.classes[{}]", c);
      const std::string& cls = text(classes[c], "class", where);
      const Json& bands = list(classes[c], "bands", where);
      for (std::size_t b = 0; b < bands.size(); ++b) {
        const std::string band = fmt::format("{}.bands[{}]", where, b);
        const Json& exemplars = list(bands[b], "exemplars", band);
        for (std::size_t e = 0; e < exemplars.size(); ++e) {
          try {
            one(cls, text(bands[b], "band", band), exemplars[e], fmt::format("{}.exemplars[{}]", band, e),
                traces);
          } catch (const Damage& damage) {
            if (damaged_++ == 0) out_.note = damage.what();
          }
        }
      }
    }
    if (damaged_ > 0)
      out_.note = fmt::format("{} of the stored requests cannot be shown; {}", damaged_, out_.note);
  }

 private:
  void one(const std::string& cls, const std::string& band, const Json& exemplar, const std::string& where,
           const std::map<RequestName, Trace>& traces) {
    StoredRequest request;
    request.band = band;
    request.replication = static_cast<std::uint32_t>(count(exemplar, "replication", where));
    models::TracedRequest& r = request.trace.request;
    r.cls = names_.cls(cls, where);
    r.number = static_cast<std::uint64_t>(count(exemplar, "number", where));
    r.latency_ns = count(exemplar, "latency_ns", where);
    r.outcome = names_.outcome(text(exemplar, "outcome", where), where);
    read_parts(exemplar, names_, where, request.trace);
    const auto trace = traces.find(
        {cls, static_cast<std::int64_t>(request.replication), static_cast<std::int64_t>(r.number)});
    if (trace == traces.end()) throw Damage(where + ": traces.json has no trace of it");
    read_spans(trace->second, names_, request.trace);
    r.start_ns = request.trace.spans[0].start_ns;
    out_.requests.push_back(std::move(request));
  }

  Names names_;
  StoredTraces& out_;
  int damaged_ = 0;
};

}  // namespace

std::string read_stored_summary(StoredRun& stored) {
  const std::string file = (fs::path(stored.folder) / "summary.json").string();
  Json json;
  const std::string error = read_json(file, json);
  if (!error.empty()) return error;
  try {
    if (text(json, "format", "summary.json") != "tailrace-summary") throw Damage("");
    stored.result =
        text(member(json, "fingerprints", "summary.json"), "result", "summary.json: fingerprints");
    stored.status = text(json, "status", "summary.json");
    const Json& run = member(json, "run", "summary.json");
    stored.replications = static_cast<int>(count(run, "replications", "summary.json: run"));
    stored.seed = static_cast<std::uint64_t>(count(run, "seed", "summary.json: run"));
  } catch (const Damage& damage) {
    return fmt::format("{} is no summary of a run{}{}", file, *damage.what() != 0 ? ": " : "", damage.what());
  }
  return "";
}

StoredTraces read_stored_traces(const std::string& folder, const Scene& scene) {
  StoredTraces out;
  Json summary, json;
  out.note = read_json(fs::path(folder) / "summary.json", summary);
  if (!out.note.empty()) return out;
  try {
    const Json& traced = member(member(summary, "tail", "summary.json"), "traced", "summary.json: tail");
    if (traced == false) {
      out.note = "this run kept no single requests (--trace-sample off)";
      return out;
    }
    out.note = read_json(fs::path(folder) / "traces.json", json);
    if (!out.note.empty()) return out;
    Reader(scene, out).run(summary, traces_of(json));
  } catch (const Damage& damage) {
    out.note = damage.what();
  } catch (const Json::exception& fault) {
    out.note = fault.what();
  }
  if (!out.note.empty()) out.note = fmt::format("{}: {}", folder, out.note);
  return out;
}

}  // namespace tailrace::viewer
