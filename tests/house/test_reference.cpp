// docs/reference.md is what the program says about itself: generated from the field tables, never written by
// hand.
#include <gtest/gtest.h>

#include <cstdio>

#include "models/catalog.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

constexpr const char* kReference = "docs/reference.md";
constexpr const char* kMend = "mend it with: build/tailrace describe --markdown > docs/reference.md";

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string text;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  return pclose(pipe) == 0 ? text : "";
}

TEST(Reference, has_an_entry_for_every_kind_step_and_policy) {
  const std::string reference = read_text(kReference);
  ASSERT_FALSE(reference.empty()) << kReference << " is missing; " << kMend;
  const auto expect_entry = [&](const std::string& name, const std::string& about) {
    EXPECT_NE(reference.find(name), std::string::npos) << name << "; " << kMend;
    EXPECT_NE(reference.find(about), std::string::npos) << name << ": " << about << "; " << kMend;
  };
  for (const models::Kind& kind : models::kinds()) expect_entry(kind.section, kind.about);
  for (const models::StepKind& step : models::step_kinds()) expect_entry(step.name, step.about);
  for (const models::PolicyInfo& policy : models::policies()) expect_entry(policy.name, policy.about);
}

TEST(Reference, is_what_the_program_prints) {
  const std::string printed = output_of(std::string(TAILRACE_BINARY) + " describe --markdown");
  ASSERT_FALSE(printed.empty()) << "the program printed nothing";
  EXPECT_TRUE(printed == read_text(kReference)) << kMend;
}

}  // namespace
}  // namespace tailrace::house
