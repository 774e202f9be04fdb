#include "models/steps/graphql_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostItems = 10'000, kMostCalls = 10'000;  // of a field; of one level

FieldTable graphql_field_table() {
  using S = GraphqlField;
  FieldTable table = Fields<S>("graphql field", "A field of a query, and the fields that are asked of it.")
                         .add("field", &S::name, "its name")
                         .required()
                         .add("call", &S::call, "who resolves it; default: it came with its parent")
                         .add("items", &S::items, "in its answer: for each, the fields below are resolved",
                              between(0, static_cast<double>(kMostItems)))
                         .add("batched", &S::batched,
                              "one call resolves it for all parents together, in place of one call for each")
                         .add("request_size", &S::request_size, "bytes on the way there")
                         .add("response_size", &S::response_size, "bytes on the way back")
                         .custom(
                             "fields", FieldType::steps,
                             [](const Node& n, S& s, ReadContext& c) { read_graphql_fields(n, s.fields, c); },
                             "the fields that are asked of each item, in the same form")
                         .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<GraphqlField*>(spec)->policies; });
  return table;
}

std::int64_t depth_of(const std::vector<GraphqlField>& fields) {
  std::int64_t depth = 0;
  for (const GraphqlField& f : fields) depth = std::max(depth, 1 + depth_of(f.fields));
  return depth;
}

std::int64_t items_below(std::int64_t parents, const GraphqlField& f) {
  return f.items == 0 || parents <= INT64_MAX / f.items ? parents * f.items : INT64_MAX;
}

// As servers count it before they run a query: one for each field of each item.
std::int64_t complexity_of(const std::vector<GraphqlField>& fields, std::int64_t parents) {
  std::int64_t sum = 0;
  for (const GraphqlField& f : fields) {
    sum = sim::saturating_add(sum, parents);
    const std::int64_t items = items_below(parents, f);
    sum = sim::saturating_add(sum, complexity_of(f.fields, items));
  }
  return sum;
}

}  // namespace

// The document's own depth bounds the recursion.
void read_graphql_fields(const Node& node, std::vector<GraphqlField>& out, ReadContext& context) {
  if (!node.is_list())
    return context.error(node, "expected a list of fields", "- {field: posts, call: posts.list}");
  static const FieldTable table = graphql_field_table();
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    PathScope scope(context, "[" + std::to_string(i) + "]");
    GraphqlField field;
    field.mark = node.items[i].mark;
    field.path = context.path;
    read_section(table, node.items[i], &field, context);
    out.push_back(std::move(field));
  }
}

bool query_refused(const std::vector<GraphqlField>& fields, const Limit& max_depth,
                   const Limit& max_complexity) {
  return (!max_depth.unlimited() && depth_of(fields) > max_depth.value) ||
         (!max_complexity.unlimited() && complexity_of(fields, 1) > max_complexity.value);
}

void resolve_fields(const std::vector<GraphqlField>& fields, std::int64_t parents, TopologyBuilder& b,
                    Steps& out) {
  if (parents == 0) return;
  Step level;
  level.kind = Step::Kind::parallel;
  for (const GraphqlField& f : fields) {
    Steps way;
    if (f.call) {
      const std::string outer = std::exchange(b.path, f.path);
      CallSpec call;
      call.call = *f.call;
      call.policies = f.policies;
      call.request_size = f.request_size;
      call.response_size = f.response_size;
      Steps one;
      expand_call_step(call, f.mark, b, one);
      const std::int64_t calls = f.batched ? 1 : parents;
      if (calls > kMostCalls) {
        b.diagnostics.error(f.mark, f.path,
                            fmt::format("{} calls at a time; at most {} are allowed", calls, kMostCalls),
                            "batched: true, or fewer items");
      } else if (calls == 1) {
        way = std::move(one);
      } else if (!one.empty()) {
        Step each;
        each.kind = Step::Kind::parallel;
        each.needed = static_cast<int>(calls);
        for (std::int64_t i = 0; i < calls; ++i) each.branches.push_back({1, one});
        way.push_back(std::move(each));
      }
      b.path = outer;
    }
    resolve_fields(f.fields, items_below(parents, f), b, way);
    if (!way.empty()) level.branches.push_back({1, std::move(way)});
  }
  if (level.branches.size() == 1) {
    for (Step& s : level.branches.front().steps) out.push_back(std::move(s));
  } else if (!level.branches.empty()) {
    level.needed = static_cast<int>(level.branches.size());
    out.push_back(std::move(level));
  }
}

namespace {

void expand_graphql(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const auto& spec = *static_cast<const GraphqlSpec*>(raw);
  if (spec.fields.empty()) {
    b.diagnostics.error(mark, b.path, "a query asks for no field",
                        "graphql: [{field: posts, call: posts.list}]");
    return;
  }
  if (!is_zero(spec.plan.value)) out.push_back(drawing_step(Step::Kind::compute, spec.plan.value));
  if (query_refused(spec.fields, spec.max_depth, spec.max_complexity)) {
    out.push_back(fail_step());
    return;
  }
  resolve_fields(spec.fields, 1, b, out);
}

}  // namespace

std::vector<StepKind> make_graphql_step_kinds() {
  using S = GraphqlSpec;
  const char* about = "A GraphQL query: its fields, resolved level by level.";
  std::vector<StepKind> kinds;
  kinds.push_back({"graphql", about,
                   Fields<S>("graphql", about)
                       .custom(
                           "graphql", FieldType::steps,
                           [](const Node& n, S& s, ReadContext& c) { read_graphql_fields(n, s.fields, c); },
                           "a list of fields, each with: field (its name), call (who resolves it), items (in "
                           "its answer, default 1), batched, fields (below it), request_size, response_size "
                           "and the policies of a call")
                       .required()
                       .add("plan", &S::plan, "work to parse and check the query")
                       .add("max_depth", &S::max_depth, "a query with deeper fields ends in an error at once")
                       .add("max_complexity", &S::max_complexity,
                            "so does one with more fields, those of each item of a list counted")
                       .table(),
                   make_spec<S>, expand_graphql});
  return kinds;
}

}  // namespace tailrace::models
