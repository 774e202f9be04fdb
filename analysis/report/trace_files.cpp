#include "analysis/report/trace_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/report/json_text.hpp"

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::TraceExample;
using models::TraceSegment;
using models::TraceSpan;

struct Exemplar {
  const TailClass* cls;
  const TailBand* band;
  std::uint32_t replication;
  const TraceExample* trace;
};

// Each once: two bands can have the same in a small sample.
std::vector<Exemplar> exemplars(const TailReport& report) {
  std::vector<Exemplar> list;
  std::set<const TraceExample*> seen;
  for (const TailClass& cls : report.classes) {
    for (const TailBand& band : cls.bands) {
      for (const TailExample& e : band.examples) {
        const TraceExample* trace = &report.records[e.record]->examples[e.example];
        if (seen.insert(trace).second) list.push_back({&cls, &band, report.replications[e.record], trace});
      }
    }
  }
  return list;
}

std::string group_name(const CompiledModel& model, std::uint32_t group) {
  const models::GroupTable& g = model.groups[group];
  return model.topology->channels[g.channel].groups[g.subscription].name;
}

// The attempt of a call that publishes.
bool is_publication(const CompiledModel& model, const TraceSpan& span) {
  if (span.kind != TraceSpan::Kind::attempt) return false;
  const std::uint32_t guard = model.edges[span.id].guard;
  return guard != models::kNoId && model.guards[guard].publication != models::kNoId;
}
std::string channel_name(const CompiledModel& model, const TraceSpan& span) {
  const auto& publication = model.publications[model.guards[model.edges[span.id].guard].publication];
  return model.topology->channels[publication.channel].name;
}

std::string span_name(const CompiledModel& model, const TailClass& cls, const TraceSpan& span) {
  switch (span.kind) {
    case TraceSpan::Kind::request:
      return cls.name;
    case TraceSpan::Kind::attempt:
      if (is_publication(model, span)) return fmt::format("send {}", channel_name(model, span));
      return model.topology->operation_name(static_cast<int>(model.edges[span.id].operation));
    case TraceSpan::Kind::branch:
      return fmt::format("branch {}", span.id);
    case TraceSpan::Kind::process:
      return fmt::format("process {}", group_name(model, span.id));
    case TraceSpan::Kind::background:
      return "background";
  }
  return "";
}

// Whose time it is: a service, or the client.
std::string service_of(const CompiledModel& model, const TailClass& cls, const TraceSpan& span) {
  if (span.station == models::kNoSpan) return cls.name;
  const models::Topology& t = *model.topology;
  const int component = t.stations[span.station].component;
  return component < 0 ? t.stations[span.station].name
                       : t.components[static_cast<std::size_t>(component)].name;
}

// --- OpenTelemetry

constexpr int kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5;
constexpr int kError = 2;

// Ids are parts of hashes of what they name, and never zero.
std::string trace_id(std::uint64_t seed, const Exemplar& e) {
  const std::uint64_t high = models::trace_rank(e.replication, seed) | 1;
  return fmt::format("{:016x}{:016x}", high,
                     models::trace_rank(e.trace->request.cls, e.trace->request.number));
}
std::string span_id(std::size_t number) {
  return fmt::format("{:016x}", number + 1);
}

void attribute(JsonText& json, const char* key, const std::string& value) {
  json.begin_inline_object().field("key", key).key("value").begin_inline_object();
  json.field("stringValue", value).end_object().end_object();
}
void attribute(JsonText& json, const char* key, std::int64_t value) {
  json.begin_inline_object().field("key", key).key("value").begin_inline_object();
  json.field("intValue", std::to_string(value)).end_object().end_object();
}
void attribute(JsonText& json, const char* key, bool value) {
  json.begin_inline_object().field("key", key).key("value").begin_inline_object();
  json.field("boolValue", value).end_object().end_object();
}

void begin_span(JsonText& json, const std::string& trace, std::size_t id, std::size_t parent,
                const std::string& name, int kind, std::int64_t start, std::int64_t end) {
  json.begin_object().field("traceId", trace).field("spanId", span_id(id));
  if (parent != models::kNoSpan) json.field("parentSpanId", span_id(parent));
  json.field("name", name).field("kind", kind);
  json.field("startTimeUnixNano", std::to_string(start)).field("endTimeUnixNano", std::to_string(end));
}

void otlp_span(JsonText& json, const CompiledModel& model, const Exemplar& e, const std::string& trace,
               std::size_t index) {
  const TraceSpan& span = e.trace->spans[index];
  const bool publishes = is_publication(model, span);
  const int kind = span.kind == TraceSpan::Kind::request   ? kClient
                   : publishes                             ? kProducer
                   : span.kind == TraceSpan::Kind::attempt ? kServer
                   : span.kind == TraceSpan::Kind::process ? kConsumer
                                                           : kInternal;
  begin_span(json, trace, index, span.parent, span_name(model, *e.cls, span), kind, span.start_ns,
             span.end_ns);
  json.key("attributes").begin_array();
  attribute(json, "tailrace.critical", span.critical);
  if (span.station != models::kNoSpan) attribute(json, "tailrace.instance", std::int64_t{span.instance});
  if (span.kind == TraceSpan::Kind::request) {
    attribute(json, "tailrace.band", e.band->name);
    attribute(json, "tailrace.replication", std::int64_t{e.replication});
    attribute(json, "tailrace.number", static_cast<std::int64_t>(e.trace->request.number));
    attribute(json, "tailrace.outcome",
              std::string(models::kOutcomeNames[static_cast<std::size_t>(e.trace->request.outcome)]));
  }
  // OpenTelemetry's semantic conventions for messaging.
  if (publishes || span.kind == TraceSpan::Kind::process) {
    attribute(json, "messaging.system", std::string("tailrace"));
    attribute(json, "messaging.operation.type", std::string(publishes ? "send" : "process"));
  }
  if (publishes) attribute(json, "messaging.destination.name", channel_name(model, span));
  if (span.kind == TraceSpan::Kind::process) {
    const models::GroupTable& g = model.groups[span.id];
    attribute(json, "messaging.destination.name", model.topology->channels[g.channel].name);
    attribute(json, "messaging.consumer.group.name", group_name(model, span.id));
  }
  if (span.retry) attribute(json, "tailrace.retry", true);
  if (span.hedge) attribute(json, "tailrace.hedge", true);
  if (span.unfinished) attribute(json, "tailrace.unfinished", true);
  json.end_array();
  if (span.link != models::kNoSpan) {
    json.key("links").begin_array().begin_inline_object();
    json.field("traceId", trace).field("spanId", span_id(span.link)).end_object().end_array();
  }
  const bool failed = span.kind == TraceSpan::Kind::request && e.band->failed;
  json.key("status").begin_inline_object();
  if (failed) json.field("code", kError);
  json.end_object().end_object();
}

// --- Chrome

std::string microseconds(std::int64_t ns) {
  return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
}

// A lane holds spans that lie in one another or apart. A child shares its parent's lane where it fills a part
// of what the parent waits for; otherwise it gets the first lane that is free.
std::vector<std::size_t> lanes_of(const TraceExample& example) {
  std::vector<std::size_t> lane(example.spans.size(), 0);
  std::vector<std::int64_t> shared_until(example.spans.size(), INT64_MIN);
  std::vector<std::int64_t> busy_until;
  for (std::size_t i = 0; i < example.spans.size(); ++i) {
    const TraceSpan& span = example.spans[i];
    bool shares = false;
    if (span.parent != models::kNoSpan && shared_until[span.parent] <= span.start_ns) {
      const TraceSpan& parent = example.spans[span.parent];
      const auto first = example.segments.begin() + parent.first_segment;
      shares = std::any_of(first, first + parent.segments, [&](const TraceSegment& s) {
        return s.waits && s.start_ns <= span.start_ns && span.end_ns <= s.end_ns;
      });
    }
    if (shares) {
      shared_until[span.parent] = span.end_ns;
      lane[i] = lane[span.parent];
      continue;
    }
    const auto free = std::find_if(busy_until.begin(), busy_until.end(),
                                   [&](std::int64_t until) { return until <= span.start_ns; });
    lane[i] = static_cast<std::size_t>(free - busy_until.begin());
    if (free == busy_until.end()) busy_until.push_back(0);
    busy_until[lane[i]] = span.end_ns;
  }
  return lane;
}

void event(std::string& out, std::string_view name, std::string_view category, std::size_t process,
           std::size_t lane, std::int64_t start, std::int64_t end, const std::string& more) {
  out += fmt::format(
      "{{\"name\":{},\"cat\":{},\"ph\":\"X\",\"ts\":{},\"dur\":{},\"pid\":{},\"tid\":{},\"args\":{{{}}}}},\n",
      json_quoted(name), json_quoted(category), microseconds(start), microseconds(end - start), process, lane,
      more);
}

}  // namespace

std::string otlp_traces(const TailReport& report, const CompiledModel& model, std::uint64_t seed) {
  struct Item {
    const Exemplar* exemplar;
    std::size_t span;
  };
  const std::vector<Exemplar> list = exemplars(report);
  std::map<std::string, std::vector<Item>> by_service;
  for (const Exemplar& e : list) {
    for (std::size_t i = 0; i < e.trace->spans.size(); ++i)
      by_service[service_of(model, *e.cls, e.trace->spans[i])].push_back({&e, i});
  }
  JsonText json;
  json.begin_object().key("resourceSpans").begin_array();
  for (const auto& [service, items] : by_service) {
    json.begin_object().key("resource").begin_object().key("attributes").begin_array();
    attribute(json, "service.name", service);
    json.end_array().end_object().key("scopeSpans").begin_array().begin_object();
    json.key("scope").begin_inline_object().field("name", "tailrace").end_object().key("spans").begin_array();
    for (const auto& [e, i] : items) {
      const std::string trace = trace_id(seed, *e);
      otlp_span(json, model, *e, trace, i);
      const TraceSpan& span = e->trace->spans[i];
      for (std::uint32_t k = span.first_segment; k < span.first_segment + span.segments; ++k) {
        const TraceSegment& s = e->trace->segments[k];
        if (s.waits) continue;
        begin_span(json, trace, e->trace->spans.size() + k, i, reason_name(s.reason), kInternal, s.start_ns,
                   s.end_ns);
        json.key("attributes").begin_array();
        attribute(json, "tailrace.place", place_name(model, s.place));
        attribute(json, "tailrace.critical", s.critical);
        json.end_array().end_object();
      }
    }
    json.end_array().end_object().end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string trace_events(const TailReport& report, const CompiledModel& model) {
  const std::vector<Exemplar> list = exemplars(report);
  std::string out = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  for (std::size_t p = 0; p < list.size(); ++p) {
    const Exemplar& e = list[p];
    const models::TracedRequest& request = e.trace->request;
    const std::string process =
        fmt::format("{} {}: request {} of replication {}, {} us", e.cls->name, e.band->name, request.number,
                    e.replication, microseconds(request.latency_ns));
    out += fmt::format("{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":{},\"args\":{{\"name\":{}}}}},\n",
                       p + 1, json_quoted(process));
    const std::vector<std::size_t> lanes = lanes_of(*e.trace);
    for (std::size_t i = 0; i < e.trace->spans.size(); ++i) {
      const TraceSpan& span = e.trace->spans[i];
      std::string more = fmt::format("\"critical\":{}", span.critical);
      if (span.station != models::kNoSpan) more += fmt::format(",\"instance\":{}", span.instance);
      if (span.retry) more += ",\"retry\":true";
      if (span.hedge) more += ",\"hedge\":true";
      if (span.unfinished) more += ",\"unfinished\":true";
      event(out, span_name(model, *e.cls, span), service_of(model, *e.cls, span), p + 1, lanes[i],
            span.start_ns, span.end_ns, more);
      for (std::uint32_t k = span.first_segment; k < span.first_segment + span.segments; ++k) {
        const TraceSegment& s = e.trace->segments[k];
        if (s.waits) continue;
        event(out, reason_name(s.reason), place_name(model, s.place), p + 1, lanes[i], s.start_ns, s.end_ns,
              fmt::format("\"critical\":{}", s.critical));
      }
    }
  }
  if (!list.empty()) out.erase(out.size() - 2, 1);  // the last comma
  return out + "]}\n";
}

}  // namespace tailrace::analysis
