#include "models/gateway/gateway.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <utility>

#include "models/steps/cache_steps.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

// See models/gateway/fields.cpp.
constexpr double kRequestNs = 40'000, kResponseNs = 15'000, kRecordNs = 10'000;
constexpr sim::Duration kRecordPerKib{1'741};
constexpr Count kMostParts = 60'000;  // a compiled step counts its branches in 16 bits

using Build = std::function<void(Steps&)>;

// A step that is built already, where a list of written steps is expected.
StepSpec built_step(Build build, Mark mark, const std::string& path) {
  static const StepKind kind{
      "built", "", {}, nullptr, [](const void* spec, Mark, TopologyBuilder&, Steps& out) {
        (*static_cast<const Build*>(spec))(out);
      }};
  return {&kind, std::make_shared<Build>(std::move(build)), mark, path};
}

// Looks the answer up; `on_miss` fetches it.
void expand_cached(const Reference& cache, Build on_miss, TopologyBuilder& b, Steps& out) {
  auto spec = std::make_shared<CacheStepSpec>();
  spec->cache = cache;
  spec->on_miss.push_back(built_step(std::move(on_miss), cache.mark, b.path));
  expand_steps({{step_kind("cache"), std::move(spec), cache.mark, b.path}}, b, out);
}

Step refusal(double share) {
  Step step = fail_step();
  step.probability = share;
  step.ref = static_cast<int>(Outcome::rejected);
  return step;
}

class Gateway {
 public:
  Gateway(const GatewaySpec& spec, const Component& self, TopologyBuilder& b)
      : spec_(spec), self_(self), b_(b), path_(b.path) {}

  void run() {
    const int station = add_front(spec_.front, spec_.door, b_);
    if (spec_.routes.empty())
      error("", "a gateway needs at least one route", "routes: {checkout: orders.place}");
    if (!check_functions()) return;
    for (const Named<GatewayRouteSpec>& route : spec_.routes) {
      b_.path = path_ + ".routes." + route.name;
      if (!check(route)) continue;
      Steps steps = pipeline(route.value);
      Operation& operation =
          b_.topology.operations[static_cast<std::size_t>(b_.find_operation(self_.name + "." + route.name))];
      operation.station = station;
      operation.steps = std::move(steps);
    }
    b_.path = path_;
  }

 private:
  bool error(const std::string& field, std::string message, std::string hint = {}) {
    b_.diagnostics.error(self_.mark, path_ + field, std::move(message), std::move(hint));
    return false;
  }

  // --- what is wrong is said once, not for each route

  bool check_functions() {
    bool good = true;
    if (spec_.authentication) good = check_authentication(*spec_.authentication) && good;
    if (spec_.authorization) good = check_authorization(*spec_.authorization) && good;
    const auto cost = [&](const std::optional<HopCost>& c, const char* field) {
      if (c) good = check_message_cost(*c, path_ + field, self_.mark, b_.diagnostics) && good;
    };
    cost(spec_.request_transformation, ".request_transformation");
    cost(spec_.response_transformation, ".response_transformation");
    cost(spec_.protocol_translation, ".protocol_translation");
    return good;
  }

  bool check_authentication(const AuthenticationSpec& a) {
    const int ways = (a.jwt ? 1 : 0) + (a.introspection ? 1 : 0) + (a.api_key ? 1 : 0);
    if (ways == 0)
      return error(".authentication", "it does not say how",
                   "jwt: {}, introspection: {calls: auth.introspect} or api_key: {}");
    if (ways > 1)
      return error(".authentication", "a request is authenticated in one way", "keep one of them");
    bool good = true;
    if (a.jwt) good = check_source(*a.jwt, ".authentication.jwt") && good;
    if (a.introspection) good = check_source(*a.introspection, ".authentication.introspection") && good;
    if (a.api_key) good = check_source(*a.api_key, ".authentication.api_key") && good;
    return good;
  }

  bool check_authorization(const AuthorizationSpec& a) {
    if (!a.rbac && !a.abac)
      return error(".authorization", "it does not say how", "rbac: {}, or abac: {calls: engine.decide}");
    bool good = true;
    if (a.rbac) good = check_source(*a.rbac, ".authorization.rbac") && good;
    if (a.abac) good = check_source(*a.abac, ".authorization.abac") && good;
    return good;
  }

  bool check_source(const GatewayCheckSpec& check, const char* field) {
    if (!check.calls) {
      if (check.cache)
        return error(std::string(field) + ".cache", "nothing is called whose answers could be cached",
                     "calls: auth.introspect");
      if (!check.policies.empty())
        return error(std::string(field) + "." + check.policies.front().info->name, "nothing is called here");
      return true;
    }
    b_.path = path_ + field + ".calls";
    const int found = b_.resolve(*check.calls);
    b_.path = path_;
    return found != kNone && check_cache(check.cache, path_ + field + ".cache");
  }

  bool check_cache(const std::optional<Reference>& cache, const std::string& path) {
    if (!cache || b_.cache_specs.find(cache->text) != b_.cache_specs.end()) return true;
    if (b_.components_unread) return false;
    std::vector<std::string_view> known;
    for (const auto& [name, entry] : b_.cache_specs) known.push_back(name);
    const std::string near = nearest_word(cache->text, known);
    b_.diagnostics.error(cache->mark, path, fmt::format("there is no cache \"{}\"", escaped(cache->text)),
                         near.empty() ? fmt::format("caches: {{{}: {{ttl: 60s}}}}", escaped(cache->text))
                                      : fmt::format("did you mean {}?", near));
    return false;
  }

  bool check(const Named<GatewayRouteSpec>& route) {
    const GatewayRouteSpec& r = route.value;
    if (!check_cache(r.response_cache, b_.path + ".response_cache") || !check_sizes(route)) return false;
    if (r.aggregate.empty()) {
      if (is_zero(r.merge.value)) return check_entry_route(r.route, route.mark, b_);
      b_.diagnostics.error(route.mark, b_.path + ".merge", "there is nothing to merge",
                           "aggregate: [reviews.get, prices.get]");
      return false;
    }
    Count calls = 0;
    for (const AggregatePartSpec& part : r.aggregate) calls += part.count;
    if (calls > kMostParts) {
      b_.diagnostics.error(route.mark, b_.path + ".aggregate",
                           fmt::format("{} calls at once; at most {} are allowed", calls, kMostParts));
      return false;
    }
    if (!r.route.calls && r.route.versions.empty()) return true;
    b_.diagnostics.error(route.mark, b_.path, "a route has both an aggregate and calls or versions",
                         "keep one of them");
    return false;
  }

  bool check_sizes(const Named<GatewayRouteSpec>& route) {
    const auto sized = [&](const std::optional<HopCost>& cost, bool request) {
      return check_message_size(
          cost, request ? route.value.route.request_size : route.value.route.response_size,
          request ? "request_size" : "response_size", route.mark, b_.path, b_.diagnostics);
    };
    const GatewayRouteSpec& r = route.value;
    if (!sized(spec_.request_cost, true) || !sized(spec_.response_cost, false)) return false;
    if (spec_.tls && (!sized(spec_.tls->record, true) || !sized(spec_.tls->record, false))) return false;
    if (r.transformation &&
        (!sized(spec_.request_transformation, true) || !sized(spec_.response_transformation, false)))
      return false;
    return !r.translation ||
           (sized(spec_.protocol_translation, true) && sized(spec_.protocol_translation, false));
  }

  // --- a route's steps

  Steps pipeline(const GatewayRouteSpec& route) {
    Steps out;
    HopWork work;
    work.add(cost_or(spec_.request_cost, kRequestNs), route.route.request_size);
    if (spec_.tls) terminate(*spec_.tls, route, work, out);
    if (spec_.authentication && route.authentication) authenticate(*spec_.authentication, work, out);
    if (spec_.authorization && route.authorization) authorize(*spec_.authorization, work, out);
    if (route.response_cache) {
      work.flush(out);
      expand_cached(
          *route.response_cache, [&](Steps& miss) { forward(route, work, miss); }, b_, out);
    } else {
      forward(route, work, out);
    }
    if (spec_.tls) work.add(cost_or(spec_.tls->record, kRecordNs, kRecordPerKib), route.route.response_size);
    work.add(cost_or(spec_.response_cost, kResponseNs), route.route.response_size);
    work.flush(out);
    return out;
  }

  void terminate(const TlsTerminationSpec& tls, const GatewayRouteSpec& route, HopWork& work, Steps& out) {
    work.flush(out);
    const auto hands = [](const TimeDistribution& time) {
      Steps steps;
      HopWork shake;
      shake.add(time);
      shake.flush(steps);
      return steps;
    };
    const double fresh = 1 / static_cast<double>(tls.requests_per_connection);
    const double resumed = fresh * tls.resumption.value;
    Step step;
    step.kind = Step::Kind::branch;
    step.branches.push_back({resumed, hands(tls.resumed_handshake)});
    step.branches.push_back({fresh - resumed, hands(tls.handshake)});
    out.push_back(std::move(step));
    work.add(cost_or(tls.record, kRecordNs, kRecordPerKib), route.route.request_size);
  }

  void authenticate(const AuthenticationSpec& a, HopWork& work, Steps& out) {
    const GatewayCheckSpec& check = a.jwt             ? static_cast<const GatewayCheckSpec&>(*a.jwt)
                                    : a.introspection ? *a.introspection
                                                      : *a.api_key;
    ask(check, ".authentication", work, out);
    refuse(a.invalid, work, out);
  }

  void authorize(const AuthorizationSpec& a, HopWork& work, Steps& out) {
    if (a.rbac) ask(*a.rbac, ".rbac", work, out);
    if (a.abac) ask(*a.abac, ".abac", work, out);
    refuse(a.denied, work, out);
  }

  static void refuse(Fraction share, HopWork& work, Steps& out) {
    if (!(share.value > 0)) return;
    work.flush(out);
    out.push_back(refusal(share.value));
  }

  void ask(const GatewayCheckSpec& check, const char* name, HopWork& work, Steps& out) {
    work.add(check.cost);
    if (!check.calls) return;
    work.flush(out);
    const std::string outer = b_.path;
    b_.path += name;
    Steps steps;
    const auto fetch = [&](Steps& into) { expand_target(*check.calls, check.policies, {}, {}, b_, into); };
    if (check.cache) {
      expand_cached(*check.cache, fetch, b_, steps);
    } else {
      fetch(steps);
    }
    b_.path = outer;
    if (check.on_failure == OnNoAnswer::allow) {
      out.push_back(try_step(std::move(steps), {}));  // where it fails the request goes on
    } else {
      for (Step& s : steps) out.push_back(std::move(s));
    }
  }

  // There and back.
  void forward(const GatewayRouteSpec& route, HopWork& work, Steps& out) {
    const auto& in = route.route.request_size;
    const auto& back = route.route.response_size;
    const bool rewrite = route.transformation, translate = route.translation && spec_.protocol_translation;
    if (rewrite && spec_.request_transformation) work.add(*spec_.request_transformation, in);
    if (translate) work.add(*spec_.protocol_translation, in);
    work.flush(out);
    if (route.aggregate.empty()) {
      expand_entry_route(route.route, b_, out);
    } else {
      aggregate(route, out);
      work.add(route.merge);
    }
    if (translate) work.add(*spec_.protocol_translation, back);
    if (rewrite && spec_.response_transformation) work.add(*spec_.response_transformation, back);
    work.flush(out);
  }

  void aggregate(const GatewayRouteSpec& route, Steps& out) {
    Step step;
    step.kind = Step::Kind::parallel;
    const std::string outer = b_.path;
    for (std::size_t i = 0; i < route.aggregate.size(); ++i) {
      const AggregatePartSpec& part = route.aggregate[i];
      b_.path = fmt::format("{}.aggregate[{}]", outer, i);
      StepBranch branch;
      const std::size_t edge = b_.topology.edges.size();
      expand_target(part.calls, merge_policies(part.policies, route.route.policies), part.request_size,
                    part.response_size, b_, branch.steps);
      // In place of the missing part: nothing. The answer is counted as degraded.
      if (part.optional && b_.topology.edges.size() > edge && !b_.topology.edges[edge].fallback)
        b_.topology.edges[edge].fallback.emplace();
      for (Count k = 0; k < part.count; ++k) step.branches.push_back(branch);
    }
    step.needed = static_cast<int>(step.branches.size());
    b_.path = outer;
    out.push_back(std::move(step));
  }

  const GatewaySpec& spec_;
  const Component self_;
  TopologyBuilder& b_;
  const std::string path_;
};

void declare(const void* raw, int component, TopologyBuilder& b) {
  for (const auto& route : static_cast<const GatewaySpec*>(raw)->routes)
    b.declare_operation(component, route.name);
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  Gateway(*static_cast<const GatewaySpec*>(raw), b.topology.components[static_cast<std::size_t>(component)],
          b)
      .run();
}

}  // namespace

Kind gateway_kind() {
  Kind kind;
  kind.name = "gateway";
  kind.section = "gateways";
  kind.about =
      "An API gateway: authentication, authorization, limits, TLS, transformation, caching, aggregation, "
      "versions.";
  kind.example = "{edge: {replicas: 2, authentication: {jwt: 80us}, routes: {checkout: cart.get}}}";
  kind.fields = gateway_fields();
  kind.fields.about = kind.about;
  kind.make = make_spec<GatewaySpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
