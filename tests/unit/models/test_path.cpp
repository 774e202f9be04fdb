// Paths of a scenario's tree: what child_path() and item_path() print, node_at() finds.
#include <gtest/gtest.h>

#include "models/field/path.hpp"
#include "tests/unit/models/nodes.hpp"

namespace tailrace::models {
namespace {

TEST(Path, OfAnyKeyLeadsBackToIt) {
  for (const char* key :
       {"cart", "shoppers.request_duration", "my cart", "a[1]", "say \"hi\"", "back\\slash", "\\\""}) {
    const Node root = map_of({{"services", map_of({{key, list_of({scalar("first"), scalar("second")})}})}});
    const std::string path = item_path(child_path("services", key), 1);
    const Node* const found = node_at(root, path);
    ASSERT_NE(found, nullptr) << path;
    EXPECT_EQ(found->text, "second") << path;
  }
}

TEST(Path, LeadsNowhereWhereNothingStands) {
  const Node root = map_of({{"services", map_of({{"cart", list_of({scalar("first"), scalar("second")})}})}});
  for (const char* path :
       {"services.card", "services.cart[2]", "services.cart[x]", "services.cart[", "services[0]",
        "services.cart.replicas", "services.\"cart", ".services", "services..cart"})
    EXPECT_EQ(node_at(root, path), nullptr) << path;
}

TEST(Path, GoesStepByStep) {
  const Node root = map_of({{"services", map_of({{"cart", scalar("there")}})}});
  EXPECT_EQ(node_at(root, ""), &root);
  std::size_t at = 0;
  const Node* const services = step_into(root, "services.cart.replicas", at);
  ASSERT_NE(services, nullptr);
  const Node* const cart = step_into(*services, "services.cart.replicas", at);
  ASSERT_NE(cart, nullptr);
  EXPECT_EQ(cart->text, "there");
  EXPECT_EQ(step_into(*cart, "services.cart.replicas", at), nullptr);
}

}  // namespace
}  // namespace tailrace::models
