// The fingerprints of the sample scenarios, written down. They change when a change of the program changes
// results, so a difference asks: was it meant? If so, copy the lines that the failing test prints. They must
// be the same for every compiler, optimisation and machine; a difference between two of those is always a
// fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/determinism/sample_scenarios.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

struct Golden {
  const char* name;
  std::uint64_t trajectory;  // every event's time and kind, in order
  std::uint64_t result;      // every count, area and histogram
};
constexpr Golden kGoldens[] = {
    {"shop", 0x978f532050628654, 0xc581cc47b767d17d},
    {"disciplines", 0xec7b40c8a8f85f2d, 0xdaea73bcf9dd961b},
    {"cores", 0xb9722d6bb69f1713, 0xcf68b2546dc385e0},
    {"network", 0x2a8d8cf557039038, 0x2d44f995fb447432},
    {"balancing", 0x8481002fccc78d27, 0xd70f9ca94bd7daa3},
    {"steps", 0x4af480fc23315f50, 0x7a4d4455af277a47},
    {"arrivals", 0x0e1d55b656d06419, 0x19c3acae7edfa2fd},
    {"closed", 0xe6b303a936291475, 0x7da29ec97b1ad88d},
};

TEST(Goldens, SampleScenariosReproduceTheirFingerprints) {
  for (const Sample& sample : sample_scenarios()) {
    const Results run = run_text(sample.scenario, 2);
    EXPECT_EQ(run.report.status, models::RunStatus::completed) << run.report.message;
    const auto golden = std::find_if(std::begin(kGoldens), std::end(kGoldens),
                                     [&](const Golden& g) { return sample.name == g.name; });
    const std::string line = fmt::format("    {{\"{}\", 0x{:016x}, 0x{:016x}}},", sample.name,
                                         run.report.trajectory_fingerprint, run.report.result_fingerprint);
    EXPECT_TRUE(golden != std::end(kGoldens) && golden->trajectory == run.report.trajectory_fingerprint &&
                golden->result == run.report.result_fingerprint)
        << "now:\n"
        << line;
  }
}

}  // namespace
}  // namespace tailrace::tests
