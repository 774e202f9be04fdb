#pragma once
// Admission seam: a limit on requests in flight that finds itself. At the limit, a request is refused at once
// (Outcome::shed). The algorithms, with their products' defaults:
//
// gradient (Envoy's gradient controller). Every concurrency_update_interval, if there were samples,
//     gradient = minRTT (1 + buffer) / sampleRTT, held within 1/2 .. 2
//     limit    = whole part of (gradient limit + sqrt(gradient limit)), held within min_limit .. max
//   sampleRTT is a percentile of the interval's response times. minRTT is the same percentile of
//   request_count responses taken while the limit is min_concurrency: at the start, interval (+ jitter) after
//   the last time, or when the limit has been at its minimum for 5 updates on end.
// aimd (Netflix concurrency-limits, AIMDLimit). A dropped request, or one slower than `timeout`, multiplies
//   the limit by backoff_ratio; any other adds 1 if at least half of the limit was in use.
// vegas (VegasLimit). Of a limit L, L (1 - RTTnoload / RTT) requests must be queueing somewhere. Against
//   l = log10 L (whole, at least 1; sqrt L from 1000 on, as there): up to l the limit grows by beta l, below
//   alpha l by l, above beta l or after a drop it shrinks by l. RTTnoload is the smallest RTT since the last
//   probe, and a probe is one sample every 0.5..1 probe_multiplier L.
// gradient2 (Gradient2Limit). limit <- (1 - s) limit + s (limit g + queue_size) with g = long-term mean RTT /
//   RTT held within 1/2 .. 1.
//
// Samples are responses that took the time they took: successes, errors and timeouts. Drops (Netflix) are
// timeouts and refusals further in; other outcomes only end. Differences from Netflix' code: "in use" is
// counted when a request ends, not when it starts; a drop teaches no RTT. Left out: WindowedLimit (samples
// grouped before gradient2 and vegas see them), partitioned limits. Cost: constant per request; gradient a
// histogram (0.6 KB and 2 KB per octave of response times) per holder.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct MinRttSpec {
  sim::Duration interval{60'000'000'000};
  Count request_count = 50;
  Fraction jitter{0.15};
  Count min_concurrency = 3;
  Fraction buffer{0.25};
};
struct AimdSpec {
  sim::Duration timeout{5'000'000'000};
  Fraction backoff_ratio{0.9};
};
struct VegasSpec {
  Count alpha = 3, beta = 6;  // times log10 of the limit
  Fraction smoothing{1};
  Count probe_multiplier = 30;
};
struct Gradient2Spec {
  Fraction smoothing{0.2};
  Count queue_size = 4;
  Count long_window = 600;  // samples
};

struct AdaptiveConcurrencySpec {
  enum class Algorithm : std::uint8_t { gradient, aimd, vegas, gradient2 };
  using MinRtt = MinRttSpec;
  using Aimd = AimdSpec;
  using Vegas = VegasSpec;
  using Gradient2 = Gradient2Spec;

  Algorithm algorithm = Algorithm::gradient;
  Fraction sample_aggregate_percentile{0.5};
  sim::Duration concurrency_update_interval{100'000'000};
  std::optional<Count> initial_limit, min_limit, max_concurrency_limit;  // defaults by algorithm
  std::optional<MinRtt> min_rtt_calc;
  std::optional<Aimd> aimd;
  std::optional<Vegas> vegas;
  std::optional<Gradient2> gradient2;
  Scope scope = Scope::service;
  bool shared = false;
};

// What a spec means, all defaults filled in.
struct AdaptiveConcurrencySettings {
  using Spec = AdaptiveConcurrencySpec;
  Spec::Algorithm algorithm = Spec::Algorithm::gradient;
  std::int64_t initial = 3, least = 3, most = 1000;
  double percentile = 0.5;
  sim::Duration update_interval{100'000'000};
  Spec::MinRtt min_rtt;
  Spec::Aimd aimd;
  Spec::Vegas vegas;
  Spec::Gradient2 gradient2;
};
AdaptiveConcurrencySettings adaptive_concurrency_settings(const AdaptiveConcurrencySpec& spec);

class AdaptiveConcurrencyModel : public AdmissionModel {
 public:
  explicit AdaptiveConcurrencyModel(const AdaptiveConcurrencySettings& settings) : settings_(settings) {}
  std::unique_ptr<AdmissionPolicy> start() const override;
  std::string gauge_name() const override { return "concurrency_limit"; }

 private:
  AdaptiveConcurrencySettings settings_;
};

PolicyInfo adaptive_concurrency_policy();

}  // namespace tailrace::models
