#include "models/steps/subscription_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostHeld = 100'000'000;  // of one instance

Step held_sleep(const sim::Distribution& time, int operation, Steps on_event) {
  Step step = with_branch(Step::Kind::sleep, std::move(on_event));
  step.distribution = time;
  step.subscription = SubscriptionUse::hold;
  step.held_at = operation;
  return step;
}

Step subscription_step(SubscriptionUse use, int operation, Steps body = {}) {
  Step step = with_branch(Step::Kind::background, std::move(body));
  step.subscription = use;
  step.held_at = operation;
  return step;
}

// The operation whose steps are being expanded.
int own_operation(const TopologyBuilder& b) {
  constexpr std::string_view kEndpoints = ".endpoints.";
  const auto at = b.path.find(kEndpoints);
  if (b.station == kNone || at == std::string::npos) return kNone;
  const std::size_t from = at + kEndpoints.size();
  const std::string name = b.path.substr(from, b.path.find_first_of(".[", from) - from);
  return b.find_operation(b.topology.components[static_cast<std::size_t>(b.component)].name + "." + name);
}

// How many an instance may hold; unlimited where nothing says. Reports what makes no sense.
std::optional<std::int64_t> most_of(const SubscriptionSpec& spec, Mark mark, TopologyBuilder& b) {
  std::optional<std::int64_t> most;
  if (!spec.max_subscriptions.unlimited()) most = spec.max_subscriptions.value;
  if (spec.memory) {
    const sim::Distribution& each = spec.memory->per_subscription.value;
    const sim::Distribution& limit = spec.memory->limit.value;
    if (!each.is_constant() || !limit.is_constant()) {
      b.diagnostics.error(mark, b.path + ".memory", "expected two sizes, not distributions",
                          "memory: {per_subscription: 50KiB, limit: 1GiB}");
      return most;
    }
    if (!(each.mean() > 0)) {
      b.diagnostics.error(mark, b.path + ".memory.per_subscription", "expected more than 0B",
                          "per_subscription: 50KiB");
      return most;
    }
    const double fit = std::min(limit.mean() / each.mean(), static_cast<double>(kMostHeld));
    most = std::min(most.value_or(kMostHeld), static_cast<std::int64_t>(fit));
  }
  if (most && *most < 1) {
    b.diagnostics.error(mark, b.path, "an instance may hold no subscription at all",
                        "max_subscriptions: 10000");
  }
  return most;
}

// A piece of work that the instance gives to itself, as an operation with that name; the step that does it.
Step own_work(const std::string& name, Steps steps, Mark mark, TopologyBuilder& b) {
  const int id = b.declare_operation(b.component, name);
  Operation& op = b.topology.operations[static_cast<std::size_t>(id)];
  op.station = b.station;
  op.steps = std::move(steps);
  Edge edge;
  edge.from_component = b.component;
  edge.from_station = b.station;
  edge.operation = id;
  edge.path = b.path + " " + name;
  edge.mark = mark;
  edge.probe = edge.stays_at_home = true;
  Step step;
  step.kind = Step::Kind::call;
  step.edge = static_cast<int>(b.topology.edges.size());
  b.topology.edges.push_back(std::move(edge));
  return step;
}

bool expected_work(const SubscriptionSpec& spec, Mark mark, TopologyBuilder& b) {
  const auto error = [&](std::string message, std::string hint) {
    b.diagnostics.error(mark, b.path, std::move(message), std::move(hint));
    return false;
  };
  if (own_operation(b) == kNone)
    return error("only an endpoint of a service can hold subscriptions", "endpoints: {subscribe: [...]}");
  if (b.topology.stations[static_cast<std::size_t>(b.station)].shared_queue)
    return error("instances that share a queue hold no connections of their own", "shared_queue: false");
  if (spec.fields.empty() && is_zero(spec.push.value))
    return error("an event would cost its subscribers nothing",
                 "fields: [{field: post, call: posts.get}], or push: 50us");
  return true;
}

void expand_subscription(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const auto& spec = *static_cast<const SubscriptionSpec*>(raw);
  if (!expected_work(spec, mark, b)) return;
  const int operation = own_operation(b);
  const std::string name = b.topology.operations[static_cast<std::size_t>(operation)].name;
  if (b.find_operation(b.topology.components[static_cast<std::size_t>(b.component)].name + "." + name +
                       "/delivery") != kNone) {
    b.diagnostics.error(mark, b.path, "an endpoint holds one subscription", "an endpoint for each");
    return;
  }
  const std::optional<std::int64_t> most = most_of(spec, mark, b);
  if (!is_zero(spec.plan.value)) out.push_back(drawing_step(Step::Kind::compute, spec.plan.value));
  b.topology.background = true;
  std::vector<GraphqlField> once, each;
  for (const GraphqlField& f : spec.fields) (f.batched ? once : each).push_back(f);

  Steps delivery;
  resolve_fields(each, 1, b, delivery);
  if (!is_zero(spec.push.value)) delivery.push_back(drawing_step(Step::Kind::compute, spec.push.value));
  Steps delivered{own_work(name + "/delivery", std::move(delivery), mark, b)};
  delivered.push_back(milestone_step(name + ".delivered", b));
  Steps to_matching;
  append_sometimes(spec.matches, std::move(delivered), to_matching);
  Steps event;
  if (!is_zero(spec.delay.value)) event.push_back(drawing_step(Step::Kind::sleep, spec.delay.value));
  if (!once.empty()) {
    Steps shared;
    resolve_fields(once, 1, b, shared);
    event.push_back(own_work(name + "/event", std::move(shared), mark, b));
  }
  event.push_back(subscription_step(SubscriptionUse::fan_out, operation, std::move(to_matching)));

  if (query_refused(spec.fields, spec.max_depth, spec.max_complexity)) {
    out.push_back(fail_step());
    return;
  }
  if (most) {
    Step admit = subscription_step(SubscriptionUse::admit, operation);
    admit.most_held = *most;
    out.push_back(std::move(admit));
  }
  std::vector<const SocketTrafficSpec*> traffic;
  if (spec.heartbeat) traffic.push_back(&*spec.heartbeat);
  hold_connection({held_sleep(spec.subscription.value, operation, std::move(event))}, traffic, mark, b, out);
}

void expand_notify(const void* raw, Mark, TopologyBuilder& b, Steps& out) {
  const auto& spec = *static_cast<const NotifySpec*>(raw);
  const int operation = b.resolve(spec.notify);
  if (operation == kNone) return;
  b.topology.background = true;
  b.notified.push_back({operation, spec.notify.mark, b.path});
  Step step = subscription_step(SubscriptionUse::announce, operation);
  append_sometimes(spec.probability, {std::move(step)}, out);
}

FieldTable memory_fields() {
  return Fields<SubscriptionMemorySpec>("memory", "What held subscriptions take of an instance.")
      .add("per_subscription", &SubscriptionMemorySpec::per_subscription, "bytes of each")
      .required()
      .add("limit", &SubscriptionMemorySpec::limit, "bytes of all; one that no longer fits is refused")
      .required()
      .table();
}

StepKind subscription_kind() {
  using S = SubscriptionSpec;
  const char* about = "A GraphQL subscription that the instance holds; each event runs its plan.";
  return {
      "subscription", about,
      Fields<S>("subscription", about)
          .add("subscription", &S::subscription, "how long one is held, if its instance lives")
          .required()
          .custom(
              "fields", FieldType::steps,
              [](const Node& n, S& s, ReadContext& c) { read_graphql_fields(n, s.fields, c); },
              "what each event resolves, in the form of graphql; a field with batched, and what is below "
              "it, once for all subscribers of the instance, the others for each of them")
          .add("push", &S::push, "work to write and send one delivery, after its fields")
          .add("matches", &S::matches, "the share of the subscribers that an event is for; default 100%")
          .add("delay", &S::delay,
               "from notify to each instance, drawn for each: the publish/subscribe "
               "between them")
          .add("plan", &S::plan, "work to parse and check the query, when it is subscribed")
          .add("max_depth", &S::max_depth, "a query with deeper fields ends in an error at once")
          .add("max_complexity", &S::max_complexity, "so does one with more fields, as in graphql")
          .add("max_subscriptions", &S::max_subscriptions, "held by one instance; further ones are rejected")
          .section("memory", &S::memory, memory_fields(), "another limit: no more are held than fit")
          .section("heartbeat", &S::heartbeat, socket_traffic_fields("heartbeat", "Pings and their answers."),
                   "pings, which keep the connection open")
          .table(),
      make_spec<S>, expand_subscription};
}

StepKind notify_kind() {
  using S = NotifySpec;
  const char* about = "An event: all who hold a subscription at that endpoint are sent it. Nobody waits.";
  return {"notify", about,
          Fields<S>("notify", about)
              .add("notify", &S::notify, "the endpoint that holds the subscriptions: graph.subscribe")
              .required()
              .add("probability", &S::probability, "of an event at all")
              .table(),
          make_spec<S>, expand_notify};
}

}  // namespace

void check_notified(TopologyBuilder& b) {
  for (const TopologyBuilder::Notified& n : b.notified) {
    if (b.find_operation(b.topology.operation_name(n.operation) + "/delivery") != kNone) continue;
    b.diagnostics.error(n.mark, n.path,
                        fmt::format("nobody can subscribe at {}", b.topology.operation_name(n.operation)),
                        "an endpoint with a subscription step");
  }
}

std::vector<StepKind> make_subscription_step_kinds() {
  std::vector<StepKind> kinds;
  kinds.push_back(subscription_kind());
  kinds.push_back(notify_kind());
  return kinds;
}

}  // namespace tailrace::models
