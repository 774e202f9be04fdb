#include "cli/reference_forms.hpp"

namespace tailrace::cli {

const std::vector<Form>& reference_forms() {
  static const std::vector<Form> forms = {
      {"duration",
       "A time with its unit: ns, us, ms, s, min, h or d. Parts add up from large to small; 0 needs no unit.",
       {{"25ms", "25 milliseconds"}, {"1min30s", "90 seconds"}, {"250us", "0.25 ms"}, {"0", "no time"}}},
      {"rate",
       "How often: /s, /ms, /min, /h or /d.",
       {{"300/s", "300 a second"}, {"2.5/ms", "2500 a second"}, {"90/min", "1.5 a second"}}},
      {"size",
       "Bytes: B, KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB powers of 1024.",
       {{"512B", "512 bytes"}, {"64KiB", "65,536 bytes"}, {"1.5MB", "1,500,000 bytes"}}},
      {"bandwidth",
       "bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s, or bytes: B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s, GiB/s.",
       {{"10Gbit/s", "10,000,000,000 bits a second"}, {"100MB/s", "800,000,000 bits a second"}}},
      {"fraction",
       "A share, as a percentage or as a number from 0 to 1.",
       {{"20%", "one fifth"}, {"0.2", "the same"}}},
      {"distribution",
       "A random value, drawn anew each time. A bare value is a constant. Where a time is meant its "
       "parameters are "
       "durations, where a size is meant sizes, where a number is meant numbers.",
       {{"5ms", "always 5 ms"},
        {"constant(5ms)", "the same"},
        {"uniform(2ms, 8ms)", "evenly between min and max"},
        {"exp(5ms)", "exponential with this mean; also exponential(mean=5ms)"},
        {"erlang(k=4, mean=8ms)", "sum of k exponentials"},
        {"gamma(shape=2, scale=3ms)", "or gamma(mean=6ms, cv=0.7); or sd in place of cv"},
        {"normal(mean=5ms, sd=1ms)", "cut off at 0"},
        {"lognormal(mean=3ms, p99=12ms)", "by mean and 99th percentile"},
        {"lognormal(mean=3ms, cv=0.8)", "by mean and coefficient of variation; or sd in place of cv"},
        {"lognormal(p50=2ms, p99=12ms)", "by median and 99th percentile"},
        {"weibull(shape=0.8, scale=5ms)", "heavier than exponential below shape 1, lighter above"},
        {"pareto(alpha=2.5, min=1ms)", "power-law tail; or mean in place of min"},
        {"hyperexponential(p1=0.9, mean1=1ms, mean2=20ms)", "one of two exponentials; or mean and cv"},
        {"bimodal(p=5%, fast=2ms, slow=80ms)", "slow with probability p"},
        {"mixture(0.9: exp(5ms), 0.1: 1s)", "one of several, with weights that sum to 1"},
        {"zipf(s=1.1, n=1000)", "ranks 1 to n; rank k in proportion to 1/k^s"},
        {"empirical(times.csv)", "one of the values in a file beside the scenario"},
        {"empirical_cdf(cdf.csv)", "from a file with rows of value and cumulative probability"}}},
      {"threshold",
       "A condition on a metric. Aggregations: avg, min, med, max, p(N) of times; rate and count of events; "
       "value of "
       "states. Comparisons: < <= > >= == !=.",
       {{"shoppers.request_duration: p(99) < 400ms", "of all requests of a workload that ended"},
        {"shoppers.browse.request_duration: avg < 50ms", "of one of its classes"},
        {"shoppers.request_failed: rate < 1%", "share of the requests that failed"},
        {"shoppers.requests: rate > 100/s", "arrivals, rate or count"},
        {"shoppers.goodput: rate > 99/s", "successes, rate or count"},
        {"cart.utilization: value < 70%", "share of the workers' time that is busy"},
        {"cart.cpu_utilization: value < 70%", "the same of the cores"},
        {"cart.queue_length: value < 5", "mean number of requests that wait"},
        {"cart.wait: p(99) < 20ms", "of requests that got a worker; avg, med or p(N)"},
        {"cart.rejected: count == 0", "requests that a full queue turned away, count or rate"},
        {"cart.get.response_time: p(95) < 30ms", "of one endpoint, from arrival to reply"},
        {"cart.get.arrivals_per_request: value < 1.5",
         "of an endpoint: retries, hedges and fan-out, end to end"},
        {"cart.get.unheard: rate < 1/s", "work that ended after its caller had left, rate or count"},
        {"cart.wasted: value < 5%", "share of the busy time spent on callers who had left"},
        {"cart.dropped: count == 0", "requests thrown away when their turn came, count or rate"},
        {"shoppers.degraded: rate < 1%", "share of the successes in which a fallback took part"},
        {"cart -> stock.retry_amplification: value < 1.2", "attempts per call; also cart -> stock.get"},
        {"cart -> stock.call_failed: rate < 1%", "calls that failed for good, before any fallback"},
        {"cart -> stock.hedged: rate < 5%", "hedges per call; fallbacks in the same way"},
        {"cart -> stock.circuit_breaker.rejected: rate < 1%", "what a policy refused, of those who asked"},
        {"cart -> stock.circuit_breaker.trips: count == 0", "how often it left its first status"},
        {"stock.rate_limit.rejected: rate < 1%", "of a policy at the door of stock"}}}};
  return forms;
}

}  // namespace tailrace::cli
