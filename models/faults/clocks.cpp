#include "models/faults/clocks.hpp"

#include <algorithm>

#include "models/faults/faults.hpp"
#include "models/field/units.hpp"

namespace tailrace::models {

namespace {

enum class Deadlines : std::uint8_t { time_of_day, remaining };

struct ClockSkewSpec {
  double offset_ns = 0;
  Deadlines deadlines = Deadlines::time_of_day;
  std::optional<sim::Duration> token_lifetime;
  sim::Duration token_leeway{0};
};

// A duration with a sign.
void read_offset(const Node& node, ClockSkewSpec& spec, ReadContext& context) {
  constexpr const char* kHint = "10min: the clock is ahead; -10min: it is behind";
  constexpr double kMost = 3.2e18;  // ns; a century, so that no sum of times wraps
  if (!node.is_scalar()) return context.error(node, "expected a duration, perhaps with a minus", kHint);
  std::string_view text = node.text;
  double sign = 1;
  if (text.starts_with('-') || text.starts_with('+')) {
    sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+'))
      return context.error(node, "one sign is enough", kHint);
  }
  const Quantity q = parse_duration_ns(text);
  if (!q.value) return context.error(node, q.error, q.hint.empty() ? kHint : q.hint);
  if (!(*q.value <= kMost)) return context.error(node, "expected a century at most", kHint);
  if (*q.value < 1) return context.error(node, "a clock that is off by nothing is right", kHint);
  spec.offset_ns = sign * *q.value;
}

// A clock that nothing looks at.
void lint_clock(const Topology& t, const Fault& f, Diagnostics& diagnostics) {
  const FaultEffect& e = f.effects.front();
  const bool deadlines =
      e.hook == kClockSkew &&
      std::any_of(t.edges.begin(), t.edges.end(), [](const Edge& edge) { return edge.deadline.has_value(); });
  const bool certificates = std::any_of(t.stations.begin(), t.stations.end(), [](const Station& s) {
    return std::any_of(s.doors.begin(), s.doors.end(),
                       [](const AdmissionUse& use) { return use.policy == "certificate"; });
  });
  const bool cache = std::any_of(f.targets.begin(), f.targets.end(), [&](const FaultTarget& target) {
    return std::any_of(t.caches.begin(), t.caches.end(), [&](const Cache& c) {
      return std::any_of(target.instances.begin(), target.instances.end(),
                         [&](const auto& instance) { return instance.first == c.station; });
    });
  });
  if (e.lasts || deadlines || certificates || cache) return;
  diagnostics.warning(
      f.mark, f.path,
      "nothing compares a time of day with this clock: there are no deadlines, certificates or "
      "tokens, and it is no shared cache's",
      "token_lifetime: 1h, where the service checks tokens");
}

}  // namespace

FaultInfo clock_skew_fault() {
  FaultInfo f;
  f.name = "clock_skew";
  f.about =
      "The instance's clock is wrong by time_offset (Chaos Mesh's TimeChaos); with a ramp it drifts there. "
      "It is felt where a time of day is compared with it: deadlines that calls carry (drop_expired, and "
      "calls of its own), certificates of whoever it opens a TLS connection to or demands one from, tokens "
      "of its requests (token_lifetime), entries of a shared cache when the target is its node. Timeouts, "
      "pauses between retries, breakers, health checks and leases run by monotonic clocks and do not feel "
      "it.";
  f.example =
      "{type: clock_skew, target: cart, time_offset: 10min, token_lifetime: 1h, start: 30s, duration: 20s}";
  f.takes = kTakesInstances;
  f.fields =
      Fields<ClockSkewSpec>("clock_skew", f.about)
          .custom("time_offset", FieldType::text, read_offset,
                  "10min: the clock is ahead, -10min: it is behind")
          .required()
          .choice(
              "deadlines", &ClockSkewSpec::deadlines, {"time_of_day", "remaining"},
              "how calls carry their deadlines: as a time of day, which each compares with its own clock, or "
              "as what is left of it, as gRPC's grpc-timeout does, which no clock can spoil")
          .add(
              "token_lifetime", &ClockSkewSpec::token_lifetime,
              "requests carry signed tokens (JWT) of this lifetime, of all ages, and the instance checks "
              "them: it rejects those that are over (exp) or not valid yet (nbf) by its clock; default: none",
              more_than(0))
          .add("token_leeway", &ClockSkewSpec::token_leeway,
               "tolerance of that check (RFC 7519 allows a few minutes)", at_least(0))
          .table();
  f.lint = lint_clock;
  f.make = make_spec<ClockSkewSpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    const auto& spec = *static_cast<const ClockSkewSpec*>(raw);
    if (spec.token_leeway.ns > 0 && !spec.token_lifetime) {
      parts.error = "token_leeway without token_lifetime: no token is checked";
      parts.hint = "token_lifetime: 1h";
      return;
    }
    FaultEffect e;
    e.action = FaultAction::notify;
    e.hook = spec.deadlines == Deadlines::time_of_day ? kClockSkew : kClockSkewButDeadlines;
    e.amount = spec.offset_ns;
    e.lasts = spec.token_lifetime;
    if (spec.token_leeway.ns > 0)
      e.time = sim::Distribution::constant(static_cast<double>(spec.token_leeway.ns));
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace tailrace::models
