#pragma once
// A GraphQL query as a step: its fields and who resolves them, compiled to a plan of calls.
//
// A field below a list is resolved once for each item: N+1 calls. With `batched` all of a level are gathered,
// as by a dataloader, and resolved by one call. The fields of a level run at the same time; a level begins
// when the one above it is there. Queries that are too deep or too costly are refused before any call. Left
// out: subscriptions, fragments and variables, caches of resolvers.
#include <string>
#include <vector>

#include "models/steps/steps.hpp"

namespace tailrace::models {

struct GraphqlField {
  std::string name;
  std::optional<Reference> call;  // none: it is part of what its parent brought
  Count items = 1;                // in its answer
  bool batched = false;
  std::optional<SizeDistribution> request_size, response_size;
  PolicySet policies;
  std::vector<GraphqlField> fields;
  Mark mark;
  std::string path;
};
struct GraphqlSpec {
  std::vector<GraphqlField> fields;
  TimeDistribution plan;  // parsing and checking the query
  Limit max_depth, max_complexity;
};

// For steps.cpp's list.
std::vector<StepKind> make_graphql_step_kinds();

}  // namespace tailrace::models
