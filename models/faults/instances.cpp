// Faults of instances: gone, standing still, slow.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {

struct Nothing {};
struct PodKillSpec {
  sim::Duration restart_time{10'000'000'000};
};
struct CpuStressSpec {
  Fraction load{0.5};
};
struct MemoryStressSpec {
  double factor = 2;
  std::optional<sim::Duration> oom_after;
  sim::Duration restart_time{10'000'000'000};
};
struct GraySpec {
  double factor = 1;
  std::optional<TimeDistribution> latency;
  Fraction error_rate{0};
};

constexpr double kMostFactor = 1e6;

FaultInfo info(const char* name, const char* about, const char* example) {
  FaultInfo f;
  f.name = name;
  f.about = about;
  f.example = example;
  f.takes = kTakesInstances | kTakesPartitions;
  return f;
}

FaultEffect down() {
  return {};
}

void only_down(const void*, FaultParts& parts) {
  parts.effects.push_back(down());
}

}  // namespace

FaultInfo pod_kill_fault() {
  FaultInfo f =
      info("pod_kill",
           "The instance dies and is back, empty, after restart_time. What queued or ran there ends "
           "at once: its callers see a reset connection (outcome network), over the network if there "
           "is one. New calls are refused (network). Calls that it had made itself are answered to "
           "nobody. Health checks fail meanwhile.",
           "{type: pod_kill, target: cart, start: 30s, restart_time: 5s}");
  f.ramps = false;
  f.fields =
      Fields<PodKillSpec>("pod_kill", f.about)
          .add("restart_time", &PodKillSpec::restart_time, "until the instance serves again", more_than(0))
          .table();
  f.make = make_spec<PodKillSpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    parts.effects.push_back(down());
    parts.duration = static_cast<const PodKillSpec*>(raw)->restart_time;
  };
  return f;
}

FaultInfo pod_failure_fault() {
  FaultInfo f = info("pod_failure",
                     "The instance is down for the duration; otherwise as pod_kill. With mtbf and mttr its "
                     "availability is mtbf/(mtbf + mttr).",
                     "{type: pod_failure, target: cart, start: 30s, duration: 20s}");
  f.ramps = false;
  f.fields = Fields<Nothing>("pod_failure", f.about).table();
  f.make = make_spec<Nothing>;
  f.apply = only_down;
  return f;
}

FaultInfo zone_outage_fault() {
  FaultInfo f =
      info("zone_outage",
           "All instances of a zone, of whatever service, are down for the duration, as by pod_failure.",
           "{type: zone_outage, target: zone west, start: 30s, duration: 20s}");
  f.takes = kTakesInstances;
  f.ramps = false;
  f.fields = Fields<Nothing>("zone_outage", f.about).table();
  f.make = make_spec<Nothing>;
  f.apply = only_down;
  return f;
}

FaultInfo pause_fault() {
  FaultInfo f =
      info("pause",
           "The instance stands still for the duration, as in a garbage collection. Work under way is "
           "late by it, requests queue, connections stay; nothing is lost. Health checks get no answer.",
           "{type: pause, target: cart, start: 30s, duration: 300ms, repeat: {every: 10s}}");
  f.ramps = false;
  f.fields = Fields<Nothing>("pause", f.about).table();
  f.make = make_spec<Nothing>;
  f.apply = [](const void*, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::pause;
    parts.effects.push_back(e);
  };
  return f;
}

FaultInfo cpu_stress_fault() {
  FaultInfo f = info("cpu_stress",
                     "Something else takes a share of the instance's CPU: work that begins meanwhile takes "
                     "1/(1 - load) of its time.",
                     "{type: cpu_stress, target: cart, load: 75%, start: 30s, duration: 20s}");
  f.fields = Fields<CpuStressSpec>("cpu_stress", f.about)
                 .add("load", &CpuStressSpec::load, "the share that is taken", between(0, 0.999))
                 .table();
  f.make = make_spec<CpuStressSpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::slow;
    e.amount = 1 / (1 - static_cast<const CpuStressSpec*>(raw)->load.value);
    parts.effects.push_back(e);
  };
  return f;
}

FaultInfo memory_stress_fault() {
  FaultInfo f =
      info("memory_stress",
           "Memory runs short. The model has no memory of instances, so this is what follows from it: "
           "work slows down by a factor (reclaim and swap) and, with oom_after, the instance is "
           "killed for want of memory after that time and is back after restart_time.",
           "{type: memory_stress, target: cart, factor: 3, oom_after: 20s, start: 30s, duration: 1min}");
  f.fields = Fields<MemoryStressSpec>("memory_stress", f.about)
                 .add("factor", &MemoryStressSpec::factor, "work takes this many times as long",
                      between(1, kMostFactor))
                 .add("oom_after", &MemoryStressSpec::oom_after, "default: it is not killed", more_than(0))
                 .add("restart_time", &MemoryStressSpec::restart_time, "until a killed instance serves again",
                      more_than(0))
                 .table();
  f.make = make_spec<MemoryStressSpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const MemoryStressSpec*>(raw);
    FaultEffect slow;
    slow.action = FaultAction::slow;
    slow.amount = spec.factor;
    parts.effects.push_back(slow);
    if (!spec.oom_after) return;
    FaultEffect killed = down();
    killed.after = spec.oom_after;
    killed.lasts = spec.restart_time;
    parts.effects.push_back(killed);
  };
  return f;
}

FaultInfo gray_fault() {
  FaultInfo f =
      info("gray",
           "Some instances work badly and look healthy: slower, later, or with errors, while shallow "
           "health checks pass. Use mode to hit a part of them.",
           "{type: gray, target: cart, factor: 5, error_rate: 20%, mode: one, start: 30s}");
  f.fields = Fields<GraySpec>("gray", f.about)
                 .add("factor", &GraySpec::factor, "work that begins meanwhile takes this many times as long",
                      between(1, kMostFactor))
                 .add("latency", &GraySpec::latency, "added before a request is let in")
                 .add("error_rate", &GraySpec::error_rate, "requests that are answered with an error")
                 .table();
  f.make = make_spec<GraySpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const GraySpec*>(raw);
    if (spec.factor == 1 && !spec.latency && spec.error_rate.value == 0) {
      parts.error = "it does nothing";
      parts.hint = "give a factor, a latency or an error_rate";
      return;
    }
    FaultEffect e;
    if (spec.factor != 1) {
      e.action = FaultAction::slow;
      e.amount = spec.factor;
      parts.effects.push_back(e);
    }
    if (spec.latency) {
      e = {};
      e.action = FaultAction::delay;
      e.time = spec.latency->value;
      parts.effects.push_back(e);
    }
    if (spec.error_rate.value > 0) {
      e = {};
      e.action = FaultAction::abort;
      e.probability = spec.error_rate.value;
      parts.effects.push_back(e);
    }
  };
  return f;
}

}  // namespace tailrace::models
