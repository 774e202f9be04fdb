#pragma once
// A GraphQL query as a step: its fields and who resolves them, compiled to a plan of calls.
//
// A field below a list is resolved once for each item: N+1 calls. With `batched` all of a level are gathered,
// as by a dataloader, and resolved by one call. The fields of a level run at the same time; a level begins
// when the one above it is there. Queries that are too deep or too costly are refused before any call.
// Subscriptions are steps of their own (subscription_steps.hpp). Left out: fragments and variables, caches of
// resolvers.
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

// For other steps that have a query: reads its fields, says whether it is refused, and resolves one level
// of them for so many parents, with all below.
void read_graphql_fields(const Node& node, std::vector<GraphqlField>& out, ReadContext& context);
bool query_refused(const std::vector<GraphqlField>& fields, const Limit& max_depth,
                   const Limit& max_complexity);
void resolve_fields(const std::vector<GraphqlField>& fields, std::int64_t parents, TopologyBuilder& builder,
                    Steps& out);

// For steps.cpp's list.
std::vector<StepKind> make_graphql_step_kinds();

}  // namespace tailrace::models
