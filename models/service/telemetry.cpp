#include "models/service/telemetry.hpp"

#include <fmt/format.h>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

// Records that wait to be sent, and those that are: what finds no place is dropped.
class Buffer final : public AdmissionModel, public AdmissionPolicy {
 public:
  Buffer(std::int64_t places, std::int64_t senders) : places_(places), senders_(senders) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<Buffer>(places_, senders_);
  }
  Admission admit(const CallFacts& facts, sim::Stream&) override {
    if (sending_ < senders_) {
      ++sending_;
      return Admission::yes();
    }
    if (facts.from_line || static_cast<std::int64_t>(facts.waiting) < places_)
      return Admission::in_line({INT64_MAX}, Outcome::rejected);
    return Admission::no(Outcome::rejected);
  }
  void ended(const CallFacts&) override { --sending_; }

 private:
  std::int64_t places_, senders_, sending_ = 0;
};

void expand_one(const TelemetrySpec& spec, Mark mark, TopologyBuilder& b, Steps& steps) {
  Steps added;
  if (spec.cpu) added.push_back(drawing_step(Step::Kind::compute, spec.cpu->value));
  if (!spec.to.text.empty()) {
    CallSpec call;
    call.call = spec.to;
    const bool async = spec.mode == TelemetryMode::async;
    call.ignore_failure = async || spec.ignore_failure;
    Steps sent;
    const std::size_t edge = b.topology.edges.size();
    expand_call_step(call, mark, b, sent);
    if (b.topology.edges.size() == edge) return;
    Edge& made = b.topology.edges[edge];
    if (spec.timeout) (async ? made.per_try_timeout : made.timeout) = spec.timeout;  // not of the buffer
    if (async) {
      auto buffer = std::make_shared<const Buffer>(spec.buffer, spec.senders);
      const void* origin = buffer.get();
      made.admissions.insert(made.admissions.begin(),
                             {"telemetry", std::move(buffer), Scope::call, false, false, origin});
      Step background = with_branch(Step::Kind::background, std::move(sent));
      sent.clear();
      sent.push_back(std::move(background));
      b.topology.background = true;
    }
    for (Step& s : sent) added.push_back(std::move(s));
  }
  append_sometimes(spec.sample, std::move(added), steps);
}

}  // namespace

FieldTable telemetry_fields() {
  using Spec = TelemetrySpec;
  return Fields<Spec>("record", "What is written down of each request, and what that costs.")
      .add("name", &Spec::name, "what it is called, such as log, trace, audit")
      .choice("mode", &Spec::mode, {"sync", "async"},
              "sync: the request waits until it is kept; async: it goes through a buffer of the instance")
      .add("cpu", &Spec::cpu, "work at the instance, for each record")
      .add("to", &Spec::to, "operation that keeps the records; default: none, only the work")
      .add("sample", &Spec::sample, "share of the requests that are recorded")
      .add("buffer", &Spec::buffer, "async: records that may wait; more are dropped", between(0, 1e9))
      .add("senders", &Spec::senders, "async: records under way at a time", between(1, 1e6))
      .add("timeout", &Spec::timeout, "of the call that keeps the record, not of its time in the buffer",
           more_than(0))
      .add("ignore_failure", &Spec::ignore_failure, "sync: the request succeeds without its record")
      .table();
}

void expand_telemetry(const std::vector<TelemetrySpec>& entries, const std::string& field, Mark mark,
                      TopologyBuilder& b, Steps& steps) {
  const std::string outer = b.path;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const TelemetrySpec& spec = entries[i];
    b.path = fmt::format("{}[{}]", field, i);
    const Mark at = spec.to.text.empty() ? mark : spec.to.mark;
    if (!spec.cpu && spec.to.text.empty()) {
      b.diagnostics.error(at, b.path, "it costs nothing", "cpu: 20us, or to: audit.write");
    } else if (spec.mode == TelemetryMode::async && spec.ignore_failure) {
      b.diagnostics.error(at, b.path + ".ignore_failure", "nobody waits for a record that is sent async",
                          "mode: sync");
    } else {
      expand_one(spec, at, b, steps);
    }
  }
  b.path = outer;
}

}  // namespace tailrace::models
