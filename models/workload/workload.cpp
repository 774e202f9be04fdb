#include "models/workload/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/append_fields.hpp"
#include "models/field/distribution_text.hpp"
#include "models/field/units.hpp"

namespace tailrace::models {

namespace {

constexpr Range kRates{0, 1e9, false};  // a request per tick of the clock is enough
constexpr double kLargestBatch = 1e6;   // on average

FieldTable constant_rate_fields() {
  return Fields<ConstantRateSpec>("constant_arrival_rate", "Arrivals at one rate.")
      .add("rate", &ConstantRateSpec::rate, "mean arrivals (of batches, where batch_size is set)", kRates)
      .required()
      .shorthand("rate")
      .table();
}
FieldTable ramping_rate_fields() {
  const FieldTable stage =
      Fields<RateStageSpec>("stage", "A stretch over which the rate moves linearly to its target.")
          .add("duration", &RateStageSpec::duration, "how long; 0s jumps")
          .required()
          .add("target", &RateStageSpec::target, "the rate at its end", kRates)
          .required()
          .table();
  return Fields<RampingRateSpec>("ramping_arrival_rate",
                                 "Arrivals at a rate that moves in straight lines; the last target stays.")
      .add("start_rate", &RampingRateSpec::start_rate, "the rate at time 0", kRates)
      .list_of("stages", &RampingRateSpec::stages, stage, "one after another")
      .required()
      .table();
}
FieldTable sinusoidal_fields() {
  return Fields<SinusoidalRateSpec>("sinusoidal_arrival_rate",
                                    "Arrivals at base + amplitude x sin(2 pi (t / period + phase)).")
      .add("base", &SinusoidalRateSpec::base, "the mean rate", kRates)
      .required()
      .add("amplitude", &SinusoidalRateSpec::amplitude, "at most the base", kRates)
      .required()
      .add("period", &SinusoidalRateSpec::period, "of one wave", more_than(0))
      .required()
      .add("phase", &SinusoidalRateSpec::phase, "where in the wave time 0 lies")
      .table();
}
FieldTable mmpp_fields() {
  const FieldTable state =
      Fields<MmppStateSpec>("state", "One of the rates between which the load switches.")
          .add("rate", &MmppStateSpec::rate, "Poisson arrivals while in this state", kRates)
          .required()
          .add("mean_sojourn", &MmppStateSpec::mean_sojourn,
               "exponential time until the next state, in order", more_than(0))
          .required()
          .table();
  return Fields<MmppSpec>("mmpp",
                          "Bursty load: a Markov-modulated Poisson process that cycles through its states.")
      .list_of("states", &MmppSpec::states, state, "two or more")
      .required()
      .table();
}
FieldTable trace_fields() {
  const auto read_times = [](const Node& node, TraceSpec& spec, ReadContext& context) {
    if (!node.is_list()) return context.error(node, "expected a list of times such as [0s, 10ms, 15ms]");
    for (const Node& item : node.items) {
      const Quantity q =
          item.is_scalar() ? parse_duration_ns(item.text) : Quantity{{}, "expected a time", ""};
      if (!q.value) {
        context.error(item, q.error, q.hint);
        continue;
      }
      spec.times.emplace_back(sim::Duration::from_ns(*q.value), item.mark);
    }
  };
  return Fields<TraceSpec>("trace", "Arrivals at recorded times.")
      .add("file", &TraceSpec::file, "a CSV file beside the scenario, one arrival time per row, ascending")
      .add("unit", &TraceSpec::unit, "of the numbers in the file: ns, us, ms, s, min, h")
      .add("column", &TraceSpec::column, "the header of the column with the times; default the first column")
      .custom("times", FieldType::text, read_times, "the times themselves, in place of a file")
      .shorthand("file")
      .table();
}
FieldTable constant_vus_fields() {
  return Fields<ConstantVusSpec>("constant_vus",
                                 "Virtual users that wait for each answer, think, and ask again.")
      .add("vus", &ConstantVusSpec::vus, "how many", between(0, 1e8))
      .required()
      .shorthand("vus")
      .table();
}
FieldTable ramping_vus_fields() {
  const FieldTable stage =
      Fields<VusStageSpec>("stage", "A stretch over which the number of users moves to its target.")
          .add("duration", &VusStageSpec::duration, "how long; 0s jumps")
          .required()
          .add("target", &VusStageSpec::target, "users at its end", between(0, 1e8))
          .required()
          .table();
  return Fields<RampingVusSpec>("ramping_vus",
                                "Virtual users that come and go; one who leaves finishes its request.")
      .add("start_vus", &RampingVusSpec::start_vus, "users at time 0", between(0, 1e8))
      .list_of("stages", &RampingVusSpec::stages, stage, "one after another")
      .required()
      .table();
}

// The fields of a request class; a workload with one class has them itself.
FieldTable request_fields() {
  FieldTable table =
      Fields<RequestSpec>("request", "A class of requests.")
          .add("weight", &RequestSpec::weight, "relative to the other classes", between(0, 1e9))
          .add("calls", &RequestSpec::calls, "the call that is the request")
          .custom(
              "steps", FieldType::steps,
              [](const Node& n, RequestSpec& s, ReadContext& c) { read_steps(n, s.steps, c); },
              "what the client does, in place of calls")
          .add("priority", &RequestSpec::priority, "0 to 15, higher goes first, where queues have priorities",
               between(0, 15))
          .add("key", &RequestSpec::key,
               "whose request it is (a client, a session, a shard), drawn and rounded: zipf(s=1.1, n=1000)",
               at_least(0))
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<RequestSpec*>(spec)->policies; });
  return table;
}

void expand_class(const RequestSpec& spec, const std::string& name, Mark mark, TopologyBuilder& b,
                  Workload& workload) {
  RequestClass cls;
  cls.name = name;
  cls.weight = spec.weight;
  cls.priority = static_cast<int>(spec.priority);
  if (spec.key) cls.key = spec.key->value;
  if (spec.calls && !spec.steps.empty()) {
    b.diagnostics.error(mark, b.path, "both calls and steps are given", "calls is short for one call step");
    return;
  }
  if (!spec.calls && spec.steps.empty()) {
    b.diagnostics.error(mark, b.path, "the requests do nothing", "calls: service.endpoint, or steps");
    return;
  }
  if (spec.calls) {
    auto call = std::make_shared<CallSpec>();
    call->call = *spec.calls;
    call->policies = spec.policies;
    StepSpec step;
    for (const StepKind& kind : step_kinds()) {
      if (kind.name == "call") step.kind = &kind;
    }
    step.spec = std::move(call);
    step.mark = spec.calls->mark;
    step.path = b.path;
    expand_steps({step}, b, cls.steps);
  } else {
    for (const WrittenPolicy& p : spec.policies) {
      b.diagnostics.error(p.mark, p.path,
                          fmt::format("{} belongs to a call, and this request has steps", p.info->name),
                          "write it on the call steps");
    }
    expand_steps(spec.steps, b, cls.steps);
  }
  workload.classes.push_back(std::move(cls));
}

void expand_arrivals(const WorkloadSpec& spec, Mark mark, TopologyBuilder& b, Workload& w) {
  if (spec.constant_arrival_rate) {
    w.process = ArrivalProcess::constant_rate;
    w.rate_per_s = spec.constant_arrival_rate->rate.per_s;
    if (w.rate_per_s == 0) b.diagnostics.warning(mark, b.path, "the arrival rate is 0: no requests");
  } else if (spec.ramping_arrival_rate) {
    w.process = ArrivalProcess::ramping_rate;
    w.rate_per_s = spec.ramping_arrival_rate->start_rate.per_s;
    for (const RateStageSpec& s : spec.ramping_arrival_rate->stages)
      w.stages.push_back({s.duration, s.target.per_s});
  } else if (spec.sinusoidal_arrival_rate) {
    const SinusoidalRateSpec& s = *spec.sinusoidal_arrival_rate;
    w.process = ArrivalProcess::sinusoidal_rate;
    w.rate_per_s = s.base.per_s;
    w.amplitude_per_s = s.amplitude.per_s;
    w.period = s.period;
    w.phase_fraction = s.phase.value;
    if (s.amplitude.per_s > s.base.per_s) {
      b.diagnostics.error(mark, b.path + ".sinusoidal_arrival_rate",
                          "the amplitude is larger than the base: the rate would be negative");
    }
  } else if (spec.mmpp) {
    w.process = ArrivalProcess::mmpp;
    for (const MmppStateSpec& s : spec.mmpp->states) w.states.push_back({s.rate.per_s, s.mean_sojourn});
    if (w.states.size() < 2)
      b.diagnostics.error(mark, b.path + ".mmpp.states", "an MMPP needs two states or more");
    double per_cycle = 0;
    for (const MmppState& s : w.states) per_cycle += s.rate_per_s * s.mean_sojourn.seconds();
    if (per_cycle == 0) {
      b.diagnostics.warning(mark, b.path, "the rate is 0 in every state: no requests");
      w.process = ArrivalProcess::constant_rate;
    } else if (per_cycle < 1e-4) {
      b.diagnostics.error(
          mark, b.path + ".mmpp.states",
          fmt::format("{:.3g} requests in a cycle through the states: they switch too fast to matter",
                      per_cycle),
          "use constant_arrival_rate with their mean rate");
    }
  } else if (spec.trace) {
    w.process = ArrivalProcess::trace;
    w.trace_ns = load_trace(*spec.trace, b.path + ".trace", mark, b.diagnostics);
  } else if (spec.constant_vus) {
    w.process = ArrivalProcess::constant_vus;
    w.vus = spec.constant_vus->vus;
    if (w.vus == 0) b.diagnostics.warning(mark, b.path, "0 virtual users: no requests");
  } else if (spec.ramping_vus) {
    w.process = ArrivalProcess::ramping_vus;
    w.vus = spec.ramping_vus->start_vus;
    for (const VusStageSpec& s : spec.ramping_vus->stages)
      w.stages.push_back({s.duration, static_cast<double>(s.target)});
  }
}

// What a request of the workload's own may have, where each class of requests has its own.
void refuse_own_request(const RequestSpec& own, Mark mark, TopologyBuilder& b) {
  if (own.calls || !own.steps.empty())
    b.diagnostics.error(mark, b.path, "both requests and a request of the workload's own are given",
                        "put all classes below requests");
  const auto misplaced = [&](Mark at, std::string path, std::string_view what) {
    b.diagnostics.error(at, std::move(path),
                        fmt::format("{} belongs to a request, and requests lists several", what),
                        "write it at each of them");
  };
  if (own.key) misplaced(mark, b.path + ".key", "key");
  if (own.priority != 0) misplaced(mark, b.path + ".priority", "priority");
  for (const WrittenPolicy& p : own.policies) misplaced(p.mark, p.path, p.info->name);
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const WorkloadSpec& spec = *static_cast<const WorkloadSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  Workload w;
  w.name = self.name;
  w.component = component;
  const int sources = spec.constant_arrival_rate.has_value() + spec.ramping_arrival_rate.has_value() +
                      spec.sinusoidal_arrival_rate.has_value() + spec.mmpp.has_value() +
                      spec.trace.has_value() + spec.constant_vus.has_value() + spec.ramping_vus.has_value();
  if (sources != 1) {
    b.diagnostics.error(
        self.mark, b.path,
        sources == 0 ? "the workload does not say when requests come"
                     : "the workload has more than one source of requests",
        "one of constant_arrival_rate, ramping_arrival_rate, sinusoidal_arrival_rate, mmpp, trace, "
        "constant_vus, ramping_vus");
    return;
  }
  expand_arrivals(spec, self.mark, b, w);
  w.spacing = spec.spacing.value;
  w.batch_size = spec.batch_size.value;
  if (!(w.batch_size.mean() <= kLargestBatch)) {
    b.diagnostics.error(self.mark, b.path + ".batch_size",
                        fmt::format("batches of {:.4g} requests on average; at most {:.0f} are allowed",
                                    w.batch_size.mean(), kLargestBatch));
  }
  if (spec.think_time) w.think_time = spec.think_time->value;
  const bool closed = !w.open();
  if (spec.instant_pause) w.instant_pause = *spec.instant_pause;
  const auto only_users = [&](bool written, const char* field) {
    if (!closed && written)
      b.diagnostics.error(self.mark, b.path + field, "only virtual users think",
                          "use constant_vus or ramping_vus");
  };
  only_users(spec.think_time.has_value(), ".think_time");
  only_users(spec.instant_pause.has_value(), ".instant_pause");
  if (closed && (!spec.batch_size.value.is_constant() || spec.batch_size.value.mean() != 1)) {
    b.diagnostics.error(self.mark, b.path + ".batch_size", "virtual users send one request at a time");
  }
  if (!spec.requests.empty()) {
    refuse_own_request(spec.request, self.mark, b);
    const std::string outer = b.path;
    double sum = 0;
    for (const Named<RequestSpec>& r : spec.requests) {
      b.path = outer + ".requests." + r.name;
      expand_class(r.value, r.name, r.mark, b, w);
      sum += r.value.weight;
    }
    b.path = outer;
    if (!(sum > 0)) b.diagnostics.error(self.mark, b.path + ".requests", "the weights sum to 0");
  } else {
    expand_class(spec.request, "", self.mark, b, w);
  }
  note_labels(spec.labels, b.component, b);
  if (w.classes.size() > 200)
    b.diagnostics.error(self.mark, b.path + ".requests", "more than 200 classes of requests");
  if (!spec.start_with.empty()) {
    for (std::size_t i = 0; i < w.classes.size(); ++i) {
      if (w.classes[i].name == spec.start_with) w.start_class = static_cast<int>(i);
    }
    w.think_first = false;
    if (w.start_class == kNone) {
      std::vector<std::string_view> known;
      for (const RequestClass& c : w.classes) known.push_back(c.name);
      const std::string near = nearest_word(spec.start_with, known);
      b.diagnostics.error(self.mark, b.path + ".start_with",
                          fmt::format("there is no request \"{}\"", escaped(spec.start_with)),
                          near.empty()
                              ? fmt::format("one of {}", escaped(fmt::format("{}", fmt::join(known, ", "))))
                              : fmt::format("did you mean {}?", near));
    }
    if (!closed)
      b.diagnostics.error(self.mark, b.path + ".start_with", "only virtual users start with a request");
  }
  b.topology.workloads.push_back(std::move(w));
}

}  // namespace

bool read_value(const Field&, const Node& node, Spacing& out, ReadContext& context) {
  constexpr const char* kHint =
      "poisson, regular, or a distribution whose shape is used, such as erlang(k=2, mean=1)";
  if (!node.is_scalar()) {
    context.error(node, "expected poisson, regular or a distribution", kHint);
    return false;
  }
  if (node.text == "poisson" || node.text == "regular") {
    out.value = node.text == "regular" ? sim::Distribution::constant(1) : Spacing{}.value;
    return true;
  }
  DistributionContext how;
  how.unit = parse_number;
  how.quantity = "a number";
  if (node.mark.file < context.doc.files.size()) how.directory = context.doc.files[node.mark.file].directory;
  const ParsedDistribution parsed = parse_distribution(node.text, how);
  if (!parsed.value) {
    context.error(node, parsed.error, kHint);
    return false;
  }
  const double mean = parsed.value->mean();
  if (!(mean > 0) || !std::isfinite(mean)) {
    context.error(node, "the distribution of the spacing has no positive, finite mean");
    return false;
  }
  out.value = parsed.value->scaled(1 / mean);
  return true;
}
std::string show_value(const Spacing&) {
  return "poisson";
}

Kind workload_kind() {
  Kind kind;
  kind.name = "workload";
  kind.section = "workloads";
  kind.about = "Who sends requests, and when: arrival rates, traces, or virtual users.";
  kind.example = "{shoppers: {constant_arrival_rate: 300/s, calls: cart.get}}";
  Fields<WorkloadSpec> fields("workload", kind.about);
  fields
      .section("constant_arrival_rate", &WorkloadSpec::constant_arrival_rate, constant_rate_fields(),
               "open load at one rate")
      .section("ramping_arrival_rate", &WorkloadSpec::ramping_arrival_rate, ramping_rate_fields(),
               "open load that ramps")
      .section("sinusoidal_arrival_rate", &WorkloadSpec::sinusoidal_arrival_rate, sinusoidal_fields(),
               "open load with a daily wave")
      .section("mmpp", &WorkloadSpec::mmpp, mmpp_fields(), "open load in bursts")
      .section("trace", &WorkloadSpec::trace, trace_fields(), "open load at recorded times")
      .section("constant_vus", &WorkloadSpec::constant_vus, constant_vus_fields(), "closed load")
      .section("ramping_vus", &WorkloadSpec::ramping_vus, ramping_vus_fields(), "closed load that ramps")
      .add("spacing", &WorkloadSpec::spacing,
           "of open arrivals: poisson, regular, or a distribution whose shape is used (erlang(k=2, mean=1))")
      .add("batch_size", &WorkloadSpec::batch_size,
           "requests that come together; a drawn number is rounded, and at least 1", more_than(0))
      .add("think_time", &WorkloadSpec::think_time,
           "a virtual user's pause between an answer and the next request")
      .add("instant_pause", &WorkloadSpec::instant_pause,
           "in place of no pause after a request that took no time at all, as when it was refused at once; "
           "default 1ms",
           more_than(0));
  // A workload with one class carries the class's fields itself.
  FieldTable table = fields
                         .map_of("requests", &WorkloadSpec::requests, request_fields(),
                                 "several classes of requests, drawn by weight")
                         .add("start_with", &WorkloadSpec::start_with,
                              "the class of a virtual user's first request, sent at once")
                         .table();
  FieldTable own = request_fields();
  std::erase_if(own.fields, [](const Field& f) { return f.name == "weight"; });
  append_fields(table, std::move(own), [](void* spec) { return &static_cast<WorkloadSpec*>(spec)->request; });
  add_label_fields(table, false,
                   [](void* spec) -> LabelsSpec& { return static_cast<WorkloadSpec*>(spec)->labels; });
  kind.fields = std::move(table);
  kind.make = make_spec<WorkloadSpec>;
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
