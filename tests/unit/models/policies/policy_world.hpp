#pragma once
// A hand-driven clock for policies: facts at a millisecond, a spec read from fields as a scenario writes
// them, and the model that its policy puts on a call.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "models/policy/policy.hpp"

namespace tailrace::models {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kS = 1'000'000'000;

inline CallFacts at_ns(std::int64_t ns) {
  CallFacts facts;
  facts.now = {ns};
  return facts;
}
inline CallFacts at_ms(std::int64_t ms) {
  return at_ns(ms * kMs);
}
inline CallFacts result_at_ms(std::int64_t ms, Outcome outcome, std::int64_t took_ms = 0) {
  CallFacts facts = at_ms(ms);
  facts.outcome = outcome;
  facts.took = {took_ms * kMs};
  return facts;
}

// One policy read from its fields as a flow mapping has them ("limit: 5, record_on: [error, timeout]") and
// applied to a call.
struct PolicyWorld {
  Diagnostics diagnostics;
  ScenarioDoc doc;
  Edge edge;
  std::shared_ptr<void> spec;

  PolicyWorld(const PolicyInfo& info, std::string_view fields) : spec(info.make()) {
    Node node;
    node.kind = Node::Kind::map;
    while (!fields.empty()) {
      const std::size_t colon = fields.find(": ");
      const bool list = fields[colon + 2] == '[';
      const std::size_t end = std::min(list ? fields.find(']') + 1 : fields.find(", "), fields.size());
      node.entries.push_back(
          {std::string(fields.substr(0, colon)), {}, value(fields.substr(colon + 2, end - colon - 2))});
      fields.remove_prefix(std::min(end + 2, fields.size()));
    }
    ReadContext context{diagnostics, doc, info.name};
    read_section(info.fields, node, spec.get(), context);
    PolicyTarget target{&edge, nullptr, {}, info.name, spec.get(), diagnostics};
    if (diagnostics.ok()) info.apply(spec.get(), target);
  }

  // The path of the first error; empty: none.
  std::string first_error() const {
    return diagnostics.all().empty() ? std::string() : diagnostics.all().front().path;
  }

 private:
  static Node value(std::string_view text) {
    Node node;
    if (!text.starts_with('[')) {
      node.kind = Node::Kind::scalar;
      node.text = text;
      return node;
    }
    node.kind = Node::Kind::list;
    std::size_t from = 1;
    while (from < text.size()) {
      const std::size_t end = text.find_first_of(",]", from);
      node.items.push_back(value(text.substr(from, end - from)));
      from = std::min(text.find_first_not_of(' ', end + 1), text.size());
    }
    return node;
  }
};

// What an admission policy with these fields answers with.
inline std::unique_ptr<AdmissionPolicy> started(const PolicyInfo& info, std::string_view fields) {
  PolicyWorld world(info, fields);
  EXPECT_TRUE(world.diagnostics.ok()) << world.first_error();
  return world.edge.admissions.at(0).model->start();
}

}  // namespace tailrace::models
