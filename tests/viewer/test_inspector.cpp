// The inspector's rows: all fields that there are; those of policies of calls and of services can be read and
// set like any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/viewer/open.hpp"
#include "viewer/model/inspector.hpp"

namespace tailrace::viewer {
namespace {

constexpr const char* kShop = R"(
tailrace: 1
name: shop
run: {duration: 20s, seed: 3, replications: 1}
workloads:
  shoppers: {constant_arrival_rate: 40/s, calls: cart.get, timeout: 2s}
services:
  cart:
    load_balancer: {policy: random}
    endpoints:
      get:
        - compute: 1ms
        - parallel:
            - {call: stock.read, timeout: 500ms, retries: {attempts: 1}}
            - call: stock.read
  stock: {workers: 2, endpoints: {read: [compute: exp(20ms)]}}
faults:
  - {name: hiccup, type: pause, target: stock, start: 10s, duration: 2s}
)";

struct Inspected {
  std::unique_ptr<Session> session;
  std::vector<FieldRow> rows;
  const FieldRow* find(const std::string& path) const {
    const FieldRow* found = nullptr;
    for (const FieldRow& row : rows)
      if (row.path == path) found = &row;  // the innermost: a short form stands for a field of its section
    return found;
  }
  void of_edge(const char* from, const char* to) {
    const Scene& scene = *session->view()->scene;
    rows = inspect_edge(scene, session->document(), scene.find_edge(scene.find(from), scene.find(to)));
  }
  void of_node(const char* name) {
    const Scene& scene = *session->view()->scene;
    rows = inspect(scene, session->document(), scene.find(name));
  }
};

Inspected open_shop() {
  return {run_text(kShop), {}};
}

TEST(InspectorRows, are_all_fields_of_the_table_with_values_or_defaults) {
  Inspected i = open_shop();
  i.of_node("stock");
  const FieldRow* const workers = i.find("services.stock.workers");
  ASSERT_TRUE(workers);
  EXPECT_EQ(workers->value, "2");
  EXPECT_TRUE(workers->written && workers->editable);
  EXPECT_FALSE(workers->help.empty());
  const FieldRow* const replicas = i.find("services.stock.replicas");
  ASSERT_TRUE(replicas);
  EXPECT_FALSE(replicas->written);
  const FieldRow* const available = i.find("services.stock.min_available");
  ASSERT_TRUE(available);
  EXPECT_EQ(available->fallback, "1");
  EXPECT_GT(i.rows.size(), 20U);
  // What it says can be set, can be set.
  EXPECT_TRUE(i.session->set_field(workers->path, "3").ok);
  EXPECT_TRUE(i.session->set_field(replicas->path, "2").ok);
}

TEST(InspectorRows, of_a_fault_and_of_the_run_have_their_values) {
  Inspected i = open_shop();
  i.rows = inspect_fault(*i.session->view()->scene, i.session->document(), 0);
  const FieldRow* const start = i.find("faults[0].start");
  ASSERT_TRUE(start);
  EXPECT_EQ(start->value, "10s");
  i.rows = inspect_run(i.session->document());
  const FieldRow* const duration = i.find("run.duration");
  ASSERT_TRUE(duration);
  EXPECT_EQ(duration->value, "20s");
}

TEST(InspectorRows, of_a_call_are_those_of_each_call_site) {
  Inspected i = open_shop();
  i.of_edge("cart", "stock");
  const FieldRow* const timeout = i.find("services.cart.endpoints.get[1].parallel[0].timeout");
  ASSERT_TRUE(timeout);
  EXPECT_EQ(timeout->value, "500ms");
  EXPECT_TRUE(timeout->editable);
  const FieldRow* const attempts = i.find("services.cart.endpoints.get[1].parallel[0].retries.attempts");
  ASSERT_TRUE(attempts);
  EXPECT_EQ(attempts->value, "1");
  const FieldRow* const other = i.find("services.cart.endpoints.get[1].parallel[1].retries.attempts");
  ASSERT_TRUE(other) << "the second call site has none yet, and is offered them";
  EXPECT_FALSE(other->written);
}

TEST(InspectorRows, of_a_call_change_the_run_and_are_saved) {
  Inspected i = open_shop();
  const std::string before = i.session->result_of_scenario();
  ASSERT_TRUE(i.session->set_field("services.cart.endpoints.get[1].parallel[0].timeout", "10ms").ok);
  ASSERT_TRUE(i.session->set_field("services.cart.endpoints.get[1].parallel[1].retries.attempts", "2").ok);
  ASSERT_TRUE(i.session->wait_complete(kLong));
  EXPECT_NE(i.session->result_of_scenario(), before);
  i.of_edge("cart", "stock");
  EXPECT_EQ(i.find("services.cart.endpoints.get[1].parallel[0].timeout")->value, "10ms");
  EXPECT_EQ(i.find("services.cart.endpoints.get[1].parallel[1].retries.attempts")->value, "2");
  EXPECT_THAT(i.session->scenario_text(), testing::HasSubstr("timeout: 10ms"));
  EXPECT_THAT(i.session->scenario_text(), testing::HasSubstr("attempts: 2"));
}

TEST(InspectorRows, of_a_workloads_calls_are_the_workloads_own) {
  Inspected i = open_shop();
  i.of_edge("shoppers", "cart");
  const FieldRow* const timeout = i.find("workloads.shoppers.timeout");
  ASSERT_TRUE(timeout);
  EXPECT_EQ(timeout->value, "2s");
}

TEST(InspectorRows, of_a_service_have_the_fields_of_its_policies) {
  Inspected i = open_shop();
  i.of_node("cart");
  const FieldRow* const balancing = i.find("services.cart.load_balancer.policy");
  ASSERT_TRUE(balancing) << "one that is written";
  EXPECT_EQ(balancing->value, "random");
  const FieldRow* const attempts = i.find("services.cart.outbound.retries.attempts");
  ASSERT_TRUE(attempts) << "one that could be";
  EXPECT_FALSE(attempts->written);
  EXPECT_TRUE(i.session->set_field(attempts->path, "3").ok);
  i.of_node("cart");
  EXPECT_EQ(i.find("services.cart.outbound.retries.attempts")->value, "3");
}

}  // namespace
}  // namespace tailrace::viewer
