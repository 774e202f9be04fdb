// Faults of the network between two components. What is lost is sent again as on any link: after
// retransmit_timeout, at most max_retransmissions times; then the call fails (outcome network).
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {

using Direction = FaultParts::Direction;

struct NetworkFaultSpec {
  Direction direction = Direction::to;
};
struct PartitionSpec {
  Direction direction = Direction::both;
};
struct LatencySpec : NetworkFaultSpec {
  std::optional<TimeDistribution> latency, jitter;
};
struct LossSpec : NetworkFaultSpec {
  Fraction loss{0};
};
struct BandwidthSpec : NetworkFaultSpec {
  Bandwidth bandwidth;
};

constexpr const char* kDirectionText =
    "to: what the caller sends; from: what comes back; both. The first named component is the caller";

FaultInfo info(const char* name, const char* about, const char* example) {
  FaultInfo f;
  f.name = name;
  f.about = about;
  f.example = example;
  f.takes = kTakesLinks;
  return f;
}

template <class Spec>
Fields<Spec> fields(const FaultInfo& f) {
  Fields<Spec> table(f.name, f.about);
  return table;
}
template <class Spec>
void finish(FaultInfo& f, Fields<Spec>& table) {
  f.fields = table
                 .choice("direction", static_cast<Direction Spec::*>(&Spec::direction),
                         {"to", "from", "both"}, kDirectionText)
                 .table();
  f.make = make_spec<Spec>;
}

FaultInfo lossy(const char* name, const char* about, const char* field, const char* text,
                const char* example) {
  FaultInfo f = info(name, about, example);
  auto table = fields<LossSpec>(f);
  table.add(field, &LossSpec::loss, text, between(0, 1)).required();
  finish(f, table);
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const LossSpec*>(raw);
    parts.direction = spec.direction;
    FaultEffect e;
    e.action = FaultAction::loss;
    e.probability = spec.loss.value;
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace

FaultInfo latency_fault() {
  FaultInfo f =
      info("latency", "Messages take longer on the network: latency and jitter are added to the link's own.",
           "{type: latency, target: web -> cart, latency: 100ms, jitter: exp(10ms), start: 30s}");
  auto table = fields<LatencySpec>(f);
  table.add("latency", &LatencySpec::latency, "added to each message")
      .add("jitter", &LatencySpec::jitter, "added as well");
  finish(f, table);
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const LatencySpec*>(raw);
    parts.direction = spec.direction;
    if (!spec.latency && !spec.jitter) {
      parts.error = "it does nothing";
      parts.hint = "give a latency or a jitter";
    }
    for (const auto& time : {spec.latency, spec.jitter}) {
      if (!time) continue;
      FaultEffect e;
      e.action = FaultAction::latency;
      e.time = time->value;
      parts.effects.push_back(e);
    }
  };
  return f;
}

FaultInfo loss_fault() {
  return lossy("loss", "Transmissions are lost with a probability, on top of the link's own loss.", "loss",
               "probability of a transmission", "{type: loss, target: web -> cart, loss: 5%, start: 30s}");
}

FaultInfo corrupt_fault() {
  return lossy(
      "corrupt",
      "Transmissions are damaged with a probability. The checksum of the transport sees it, so it is as a "
      "loss: they are sent again.",
      "corrupt", "probability of a transmission",
      "{type: corrupt, target: web -> cart, corrupt: 5%, start: 30s}");
}

FaultInfo bandwidth_fault() {
  FaultInfo f =
      info("bandwidth",
           "The link is narrower: messages are sent one after another at this speed. Payloads default to "
           "1 KiB.",
           "{type: bandwidth, target: web -> cart, bandwidth: 1Mbit/s, start: 30s}");
  auto table = fields<BandwidthSpec>(f);
  table.add("bandwidth", &BandwidthSpec::bandwidth, "at most", at_least(1)).required();
  finish(f, table);
  f.ramps = false;
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const BandwidthSpec*>(raw);
    parts.direction = spec.direction;
    FaultEffect e;
    e.action = FaultAction::bandwidth;
    e.amount = spec.bandwidth.bit_per_s;
    parts.effects.push_back(e);
  };
  return f;
}

FaultInfo partition_fault() {
  FaultInfo f =
      info("partition",
           "Nothing gets through: every transmission is lost. Senders try again, so a short partition "
           "shows as latency and a long one as failed calls (outcome network).",
           "{type: partition, target: web -> cart, direction: both, start: 30s, duration: 20s}");
  f.ramps = false;
  auto table = fields<PartitionSpec>(f);
  finish(f, table);
  f.apply = [](const void* raw, FaultParts& parts) {
    parts.direction = static_cast<const PartitionSpec*>(raw)->direction;
    FaultEffect e;
    e.action = FaultAction::loss;
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace tailrace::models
