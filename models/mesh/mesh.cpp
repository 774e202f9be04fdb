#include "models/mesh/mesh.hpp"

#include "models/policies/tls/tls.hpp"

namespace tailrace::models {

namespace {

FieldTable memory_fields() {
  using S = SidecarMemorySpec;
  return Fields<S>("memory", "Of one sidecar.")
      .add("base", &S::base, "without connections; default 40MB, from Istio 1.16.2's benchmark")
      .add("per_connection", &S::per_connection, "for each connection, whoever opened it; default of our own")
      .add("per_instance", &S::per_instance,
           "of configuration, for each instance of the members; default of our own")
      .add("limit", &S::limit, "with more it is killed, and its instance is as down until it is back")
      .add("restart", &S::restart, "from its end until it serves again, the first time")
      .add("crash_backoff", &S::crash_backoff,
           "added the second time, and doubled each further time, up to 5min; forgotten after 10min of "
           "running, as Kubernetes does")
      .table();
}

FieldTable sidecar_fields() {
  using S = SidecarSpec;
  return Fields<S>("sidecar", "One proxy, beside each instance of a member.")
      .add("cpu_per_message", &S::cpu_per_message,
           "work for each message that passes; default: half of Istio 1.16.2's 0.35 vCPU per 1000 requests/s")
      .add("latency", &S::latency,
           "for each message, besides that work; default: with it the four messages of a call add the 1.7ms "
           "that the same benchmark has at the 90th percentile")
      .add("concurrency", &S::concurrency, "threads; Istio's default is 2", between(1, 1000))
      .section("memory", &S::memory, memory_fields(), "what it holds, and what becomes of it at its limit")
      .table();
}

FieldTable route_fields() {
  using S = RouteSpec;
  const FieldTable split = Fields<SplitSpec>("split", "A share of the calls.")
                               .add("to", &SplitSpec::to, "a service with the same endpoints")
                               .required()
                               .add("weight", &SplitSpec::weight, "relative to the others", between(0, 1e9))
                               .table();
  const FieldTable mirror = Fields<MirrorSpec>("mirror", "Copies of calls, whose answers nobody waits for.")
                                .add("to", &MirrorSpec::to, "a service with the same endpoints")
                                .required()
                                .add("share", &MirrorSpec::share, "of the calls", between(0, 1))
                                .shorthand("to")
                                .table();
  return Fields<S>("route", "How the members reach one service.")
      .list_of("split", &S::split, split, "where its calls go; default: all to itself")
      .section("mirror", &S::mirror, mirror, "a copy of each call goes there too")
      .section("outbound", &S::outbound,
               policy_set_fields(PolicyPlace::call, "outbound", "Policies of the sidecars' calls."),
               "policies of the sidecars that call it, before those of the mesh")
      .table();
}

FieldTable change_fields() {
  using S = MeshChangeSpec;
  return Fields<S>("change", "A new configuration.")
      .add("at", &S::at, "when it is made")
      .required()
      .section("outbound", &S::outbound,
               policy_set_fields(PolicyPlace::call, "outbound", "Policies of the sidecars' calls."),
               "in place of the policies of these names")
      .map_of("routes", &S::routes, route_fields(), "in place of the routes of these names")
      .table();
}

void read_members(const Node& node, MeshSpec& spec, ReadContext& context) {
  if (!node.is_list()) return context.error(node, "expected a list of services");
  for (const Node& item : node.items) {
    if (!item.is_scalar()) return context.error(item, "expected the name of a service");
    spec.members.emplace_back(item.text, item.mark);
  }
}

void declare(const void*, int, TopologyBuilder&) {}
void expand(const void* raw, int component, TopologyBuilder& b) {
  expand_mesh(*static_cast<const MeshSpec*>(raw), component, b);
}

}  // namespace

Kind mesh_kind() {
  Kind kind;
  kind.name = "mesh";
  kind.section = "mesh";
  kind.named = false;
  kind.about =
      "Sidecars on both ends of the calls between its members: their cost, mutual TLS, policies, traffic "
      "split "
      "and mirroring by configuration that a control plane pushes.";
  kind.example = "{outbound: {retries: {attempts: 2}}}";
  using S = MeshSpec;
  kind.fields =
      Fields<S>("mesh", kind.about)
          .custom("members", FieldType::text, read_members, "a list of services with sidecars; default: all")
          .section("sidecar", &S::sidecar, sidecar_fields(), "what a proxy costs")
          .add("mtls", &S::mtls, "connections between sidecars are secured, both ends by certificates")
          .section("tls", &S::tls, tls_fields(), "how, where not by the defaults")
          .section("certificates", &S::certificates, certificate_fields(),
                   "of the members' sidecars, which end and are rotated; default: they never end")
          .section("outbound", &S::outbound,
                   policy_set_fields(PolicyPlace::call, "outbound", "Policies of the sidecars' calls."),
                   "policies of the sidecars' calls, beside the application's own: retries multiply")
          .section("target", &S::target,
                   policy_set_fields(PolicyPlace::target, "target", "How sidecars choose an instance."),
                   "load balancing (by zones too), outlier detection and health checks of all members, in "
                   "place of their own")
          .map_of("routes", &S::routes, route_fields(), "by the service that is called")
          .list_of("changes", &S::changes, change_fields(),
                   "new configurations; each sidecar has one push_delay later")
          .add("push_delay", &S::push_delay,
               "from a change to a sidecar that has it, drawn for each; Istio gathers changes for 100ms")
          .table();
  kind.make = make_spec<MeshSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
