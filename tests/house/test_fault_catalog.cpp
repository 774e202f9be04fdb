// Every type of fault in the catalog: its example is a legal entry that does something, twice alike. That its
// fields are described is asked with those of all else, in test_catalog.cpp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/catalog.hpp"
#include "models/fault/fault.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::house {
namespace {

class EveryFault : public testing::TestWithParam<std::size_t> {
 protected:
  const models::FaultInfo& info() const { return models::fault_types()[GetParam()]; }
};

TEST_P(EveryFault, does_something_in_its_example_and_twice_alike) {
  const std::string mesh = info().takes & models::kTakesMesh ? "mesh: {changes: [{at: 35s}]}\n" : "";
  const std::string text = fmt::format(R"(
run: {{duration: 100s, replications: 1}}
workloads: {{shoppers: {{constant_arrival_rate: 20/s, calls: web.page, timeout: 1s}}}}
services:
  web: {{endpoints: {{page: [{{call: cart.get, timeout: 500ms}}]}}}}
  cart: {{instances: [{{zone: west}}, {{zone: east}}], endpoints: {{get: [cache: sessions, compute: exp(5ms)]}}}}
caches: {{sessions: {{keys: [2, 1]}}}}
{}faults:
  - {}
)",
                                       mesh, info().example);
  const auto once = tests::run_text(text);
  const auto again = tests::run_text(text);
  const models::RunRecord& r = once.records[0];
  EXPECT_EQ(r.status, models::RunStatus::completed) << r.message;
  EXPECT_TRUE(once.report.littles_law_holds);
  EXPECT_TRUE(once.report.conservation_holds);
  ASSERT_EQ(r.faults.size(), 1u);
  EXPECT_GE(r.faults[0].activations, 1u);
  EXPECT_EQ(r.trajectory, again.records[0].trajectory);
  EXPECT_EQ(models::result_fingerprint(r), models::result_fingerprint(again.records[0]));
  const auto without = tests::run_text(text.substr(0, text.find("faults:")));
  EXPECT_NE(r.trajectory, without.records[0].trajectory);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryFault, testing::Range(std::size_t{0}, models::fault_types().size()),
                         [](const testing::TestParamInfo<std::size_t>& index) {
                           return models::fault_types()[index.param].name;
                         });

}  // namespace
}  // namespace tailrace::house
