// Nanoseconds per draw of every distribution, and of the elementary functions below them.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/base/math.hpp"
#include "sim/random/distribution.hpp"
#include "sim/random/sampler.hpp"

namespace {

using tailrace::sim::Distribution;
using tailrace::sim::Sampler;
using tailrace::sim::Stream;
using D = Distribution;

void draw(benchmark::State& state, const Distribution& law) {
  const Sampler sampler(law);
  Stream stream(1, 0, "bench", "draw");
  for (auto _ : state) benchmark::DoNotOptimize(sampler.sample(stream));
}

void function(benchmark::State& state, double (*f)(double)) {
  Stream stream(1, 0, "bench", "math");
  std::vector<double> x(1024);
  for (double& v : x) v = stream.uniform();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(f(x[i++ & 1023]));
}

const bool registered = [] {
  const std::vector<std::pair<std::string, Distribution>> laws = {
      {"constant", D::constant(5)},
      {"uniform", D::uniform(1, 10)},
      {"exponential", D::exponential(20)},
      {"erlang_3", D::erlang(3, 30)},
      {"erlang_20", D::erlang(20, 30)},
      {"gamma_0.5", D::gamma(0.5, 2)},
      {"gamma_2.5", D::gamma(2.5, 2)},
      {"normal", D::normal(250, 50)},
      {"lognormal", D::lognormal_mean_p99(3, 12)},
      {"weibull", D::weibull(1.5, 2)},
      {"pareto", D::pareto(4.5, 10)},
      {"hyperexponential", D::hyperexponential({0.887, 0.113}, {5.6, 44})},
      {"mixture", D::mixture({0.9, 0.1}, {D::exponential(5), D::constant(100)})},
      {"empirical_values", D::empirical_values({5, 1, 2, 2, 9})},
      {"empirical_cdf", D::empirical_cdf({0, 1, 3, 10}, {0.1, 0.5, 0.9, 1})},
      {"zipf_1.1_of_1e7", D::zipf(1.1, 10000000)},
  };
  for (const auto& [name, law] : laws) {
    benchmark::RegisterBenchmark(("draw/" + name).c_str(),
                                 [law = law](benchmark::State& s) { draw(s, law); });
  }
  namespace math = tailrace::sim::math;
  benchmark::RegisterBenchmark("math/exp", function, math::exp);
  benchmark::RegisterBenchmark("math/log", function, math::log);
  benchmark::RegisterBenchmark("math/sin", function, math::sin);
  benchmark::RegisterBenchmark("math/normal_quantile", function, math::normal_quantile);
  benchmark::RegisterBenchmark(
      "math/pow_1.7", function, +[](double x) { return math::pow(x, 1.7); });
  return true;
}();

}  // namespace
