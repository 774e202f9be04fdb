#pragma once
// Policies by themselves: a hand-driven clock, and a bench that reads a policy's value as a scenario would
// and applies it to a call or a station.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "models/policy/policy.hpp"
#include "tests/unit/models/nodes.hpp"

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

// A map of scalars and lists of scalars, as a flow mapping has them: "limit: 5, record_on: [error, timeout]".
inline Node fields_of(std::string_view text) {
  Node node = map_of({});
  while (!text.empty()) {
    const std::size_t colon = text.find(": ");
    const bool list = text[colon + 2] == '[';
    const std::size_t end = std::min(list ? text.find(']') + 1 : text.find(", "), text.size());
    const std::string_view value = text.substr(colon + 2, end - colon - 2);
    Node read = scalar(std::string(value));
    if (list) {
      read = list_of({});
      for (std::size_t from = 1; from < value.size();) {
        const std::size_t stop = value.find_first_of(",]", from);
        read.items.push_back(scalar(std::string(value.substr(from, stop - from))));
        from = std::min(value.find_first_not_of(' ', stop + 1), value.size());
      }
    }
    node.entries.push_back({std::string(text.substr(0, colon)), {}, std::move(read)});
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return node;
}

// One call and one station that policies are applied to; what went wrong is in `diagnostics`.
struct PolicyBench {
  ScenarioDoc doc;
  Diagnostics diagnostics;
  Edge edge;
  Station station;
  std::shared_ptr<void> spec;  // of the policy that was read last

  bool call(const PolicyInfo& info, const Node& value) { return apply(info, value, &edge, nullptr); }
  bool inbound(const PolicyInfo& info, const Node& value) { return apply(info, value, nullptr, &station); }
  std::string first_error() const { return diagnostics.all().empty() ? "" : diagnostics.all()[0].message; }
  std::string first_path() const { return diagnostics.all().empty() ? "" : diagnostics.all()[0].path; }

 private:
  bool apply(const PolicyInfo& info, const Node& value, Edge* to_edge, Station* to_station) {
    ReadContext context{diagnostics, doc, info.name};
    spec = info.make();
    read_section(info.fields, value, spec.get(), context);
    if (diagnostics.ok()) {
      PolicyTarget target{to_edge, to_station, {}, info.name, spec.get(), diagnostics};
      info.apply(spec.get(), target);
    }
    return diagnostics.ok();
  }
};

// Where the first fault is of a policy with these fields on a call; empty: there is none.
inline std::string fault_at(const PolicyInfo& info, std::string_view fields) {
  PolicyBench bench;
  bench.call(info, fields_of(fields));
  return bench.first_path();
}
// The state of an admission policy with these fields on a call. Its model, which it may refer to, lives as
// long.
inline std::shared_ptr<AdmissionPolicy> started(const PolicyInfo& info, std::string_view fields) {
  PolicyBench bench;
  EXPECT_TRUE(bench.call(info, fields_of(fields))) << bench.first_path() << ": " << bench.first_error();
  const auto model = bench.edge.admissions.at(0).model;
  return {model->start().release(), [model](AdmissionPolicy* policy) { delete policy; }};
}

}  // namespace tailrace::models
