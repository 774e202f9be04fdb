// docs/reference.md speaks of everything that the catalog lists. That it is what the program prints is held
// by tests/cli/test_reference.cpp.
#include <gtest/gtest.h>

#include "models/catalog.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

TEST(Reference, has_an_entry_for_every_kind_step_policy_and_fault) {
  const std::string reference = read_text("docs/reference.md");
  ASSERT_FALSE(reference.empty());
  const auto expect_entries = [&](const auto& parts) {
    for (const auto& part : parts) {
      const std::string heading = "\n### " + std::string(part.name) + "\n";
      EXPECT_NE(reference.find(heading), std::string::npos) << part.name;
      EXPECT_NE(reference.find(part.about), std::string::npos) << part.name << ": " << part.about;
    }
  };
  expect_entries(models::kinds());
  expect_entries(models::step_kinds());
  expect_entries(models::policies());
  expect_entries(models::fault_types());
}

}  // namespace
}  // namespace tailrace::house
