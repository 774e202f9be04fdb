// The fingerprints of the sample scenarios, written down. They change when a change of the program changes
// results, so a difference asks: was it meant? If so, copy the lines that the failing test prints. They must
// be the same for every compiler, optimisation and machine; a difference between two of those is always a
// fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

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
    {"shop", 0x978f532050628654, 0x84a52937c8a353c6},
    {"disciplines", 0xec7b40c8a8f85f2d, 0x07acf58103ea2a91},
    {"cores", 0xb9722d6bb69f1713, 0xe0f9bb30ebc25d92},
    {"network", 0x2a8d8cf557039038, 0x47871bdf51fccca4},
    {"flows", 0x348dfa148cd40a1b, 0x8deed6318b9cc6f8},
    {"balancing", 0x17fc7fd9ee0c14dc, 0x042493e720efa3dd},
    {"steps", 0x4af480fc23315f50, 0xf5e2c947f1643d4f},
    {"arrivals", 0x0e1d55b656d06419, 0xd6cefdd25b01e230},
    {"closed", 0xe6b303a936291475, 0xacd7c85a25212f5e},
    {"guards", 0x98fb4581495b43b4, 0x4d37575100e320f5},
    {"doors", 0x062af1c0dee67cd8, 0xb5341c5624246aca},
};

TEST(Goldens, SampleScenariosReproduceTheirFingerprints) {
  EXPECT_EQ(sample_scenarios().size(), std::size(kGoldens));
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
