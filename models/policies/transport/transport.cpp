#include "models/policies/transport/transport.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostMessages = 1'000'000;

FieldTable cost_fields(const char* name, const char* about) {
  return Fields<MessageCost>(name, about)
      .add("per_message", &MessageCost::per_message, "whatever its size")
      .add("per_kib", &MessageCost::per_kib, "for each KiB of it, in proportion")
      .table();
}

FieldTable compression_fields() {
  using S = CompressionSpec;
  return Fields<S>("compression", "Messages are compressed by their sender and unpacked by who gets them.")
      .choice(
          "codec", &S::codec, {"none", "gzip", "zstd", "lz4", "snappy"},
          "what it costs and gains unless the fields below say so, by the table in zstd's README (1.4.5, "
          "lzbench on the Silesia corpus, one core of an i9-9900K): gzip (zlib -1) 2.743, 90 and 400 MB/s; "
          "zstd -1 2.884, 500 and 1660 MB/s; lz4 2.101, 740 and 4530 MB/s; snappy 2.073, 560 and 1790 MB/s")
      .add("ratio", &S::ratio, "size before over size after; default: the codec's", between(1, 1e6))
      .add("compress_per_kib", &S::compress_per_kib, "work at the sender; default: the codec's")
      .add("decompress_per_kib", &S::decompress_per_kib, "work at the receiver; default: the codec's")
      .add("min_size", &S::min_size, "smaller messages are sent as they are")
      .shorthand("codec")
      .table();
}

FieldTable stream_fields() {
  return Fields<StreamSpec>("messages", "How many messages one call carries: streaming.")
      .add("sent", &StreamSpec::sent, "by the caller, each of request_size",
           between(1, static_cast<double>(kMostMessages)))
      .add("received", &StreamSpec::received, "by the caller, each of response_size",
           between(1, static_cast<double>(kMostMessages)))
      .table();
}

FieldTable flow_control_fields() {
  using S = FlowControlSpec;
  return Fields<S>("flow_control", "HTTP/2's windows: bytes that may be under way, each way.")
      .add("stream_window", &S::stream_window,
           "of one call: at most a window per round trip gets through, however wide the link; default "
           "65535B, HTTP/2's initial window (RFC 9113, 6.9.2)")
      .add("connection_window", &S::connection_window,
           "of all calls on a connection together; default 65535B, as in the same place")
      .add("consume_per_kib", &S::consume_per_kib,
           "time until the receiver has taken a KiB out of its buffer, so that the next may come: a slow "
           "reader holds its sender up")
      .table();
}

FieldTable transport_fields() {
  using S = TransportSpec;
  return Fields<S>("transport", "The protocol of a call, its connections and what its messages cost.")
      .choice("protocol", &S::protocol, {"rest", "grpc"},
              "rest: JSON over HTTP/1.1, one request at a time on a connection that is kept; grpc: protocol "
              "buffers over HTTP/2, many streams on one long connection")
      .add("connections", &S::connections,
           "at a time, of one instance of the caller: to the target where connections stick, otherwise to "
           "each "
           "of its instances; default: rest 100, grpc 1",
           between(1, 1e5))
      .add("max_concurrent_streams", &S::max_concurrent_streams,
           "requests at a time on one connection; default: rest 1, grpc 100", between(1, 1e6))
      .choice("balance", &S::balance, {"request", "connection"},
              "request: each goes where the load balancer says; connection: the balancer is asked when a "
              "connection is set up, and what goes over it stays with that instance (a balancer of "
              "connections, such as a Kubernetes service); default: rest request, grpc connection")
      .add("max_pending_requests", &S::max_pending_requests,
           "requests that wait for a connection; one more is rejected at once")
      .add("acquire_timeout", &S::acquire_timeout,
           "a request waits in line for at most this long; otherwise as long as it takes")
      .add("idle_timeout", &S::idle_timeout, "a connection that is idle this long closes; otherwise never",
           more_than(0))
      .add("max_connection_age", &S::max_connection_age,
           "a connection this old takes no more requests and closes with its last; ten percent more or less, "
           "drawn for each, as in gRPC; otherwise it lives as long as its instance",
           more_than(0))
      .add("header_size", &S::header_size,
           "bytes on the network with each message; default: rest 600B, grpc 80B")
      .section("encode", &S::encode, cost_fields("encode", "Work to write a message, on its sender's cores."),
               "work to write a message; default: rest 2us and 4us per KiB, grpc 500ns and 800ns per KiB")
      .section("decode", &S::decode,
               cost_fields("decode", "Work to read a message, on its receiver's cores."),
               "work to read a message; default: rest 3us and 12us per KiB, grpc 700ns and 2us per KiB")
      .section("compression", &S::compression, compression_fields(), "of requests and answers; default none")
      .section("messages", &S::messages, stream_fields(), "streaming: default one each way")
      .section("flow_control", &S::flow_control, flow_control_fields(),
               "of grpc; {} takes HTTP/2's own windows; default: none, as if windows were always wide enough")
      .shorthand("protocol")
      .table();
}

void one_size(const std::optional<SizeDistribution>& size, const char* field, PolicyTarget& target) {
  if (size && !size->value.is_constant())
    target.diagnostics.error(target.mark, target.path + field, "expected one size, not a distribution");
}

void check_flow_control(const TransportSpec& spec, PolicyTarget& target) {
  const auto wide = [&](const SizeDistribution& size, const char* field) {
    constexpr double kLeast = 1024;  // each burst is an event
    if (size.value.mean() < kLeast)
      target.diagnostics.error(target.mark, target.path + field, "a window of less than 1KiB", "64KiB");
  };
  wide(spec.flow_control->stream_window, ".flow_control.stream_window");
  wide(spec.flow_control->connection_window, ".flow_control.connection_window");
  one_size(spec.flow_control->stream_window, ".flow_control.stream_window", target);
  one_size(spec.flow_control->connection_window, ".flow_control.connection_window", target);
  if (spec.protocol != Protocol::grpc)
    target.diagnostics.error(target.mark, target.path + ".flow_control",
                             "HTTP/1.1 has no windows of its own, only TCP's",
                             "protocol: grpc, or max_window at the network's link");
}

}  // namespace

const TransportModel* transport_of(const std::vector<AdmissionUse>& admissions) {
  for (const AdmissionUse& use : admissions) {
    if (const auto* model = dynamic_cast<const TransportModel*>(use.model.get())) return model;
  }
  return nullptr;
}

void add_transport(std::vector<AdmissionUse>& admissions, std::shared_ptr<const TransportModel> model,
                   const void* origin) {
  const Scope scope = model->settings().sticks ? Scope::service : Scope::instance;
  for (AdmissionUse& use : admissions) {
    if (dynamic_cast<const TransportModel*>(use.model.get()) == nullptr) continue;
    use.model = std::move(model);
    return;
  }
  admissions.push_back({"transport", std::move(model), scope, false, true, origin});
}

void check_transports(const Topology& t, Diagnostics& diagnostics) {
  for (const Edge& e : t.edges) {
    const TransportModel* model = transport_of(e.admissions);
    if (model == nullptr) continue;
    const Station& target =
        t.stations[static_cast<std::size_t>(t.operations[static_cast<std::size_t>(e.operation)].station)];
    for (const AdmissionUse& use : e.admissions) {
      if (use.policy == "connection_pool") {
        diagnostics.error(e.mark, e.path, "a call has both a transport and a connection_pool",
                          "a transport has connections of its own: leave the pool out");
      } else if (use.scope == Scope::instance && model->settings().sticks && use.policy != "transport") {
        diagnostics.error(
            e.mark, e.path,
            fmt::format("{} per instance: which one it is, is known only when there is a connection",
                        with_article(use.policy)),
            "scope: service, or transport: {balance: request}");
      }
    }
    if (target.shared_queue && !model->settings().sticks) continue;  // reported as any policy per instance
    if (target.shared_queue || e.publication != kNone || e.cache != kNone) {
      diagnostics.error(
          e.mark, e.path,
          "a transport needs instances among which a balancer chooses, and this target has none "
          "(it chooses by key, or its instances share a queue)",
          "transport: none");
    }
  }
}

PolicyInfo transport_policy() {
  PolicyInfo info;
  info.name = "transport";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about =
      "REST over HTTP/1.1 or gRPC over HTTP/2: connections, handshakes, and work by size at both ends.";
  info.fields = transport_fields();
  info.example = "{protocol: grpc, max_connection_age: 5min}";
  info.make = make_spec<TransportSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const TransportSpec*>(value);
    one_size(spec.header_size, ".header_size", target);
    one_size(spec.compression.min_size, ".compression.min_size", target);
    if (spec.flow_control) check_flow_control(spec, target);
    add_transport(target.edge->admissions, std::make_shared<const TransportModel>(spec, nullptr),
                  target.origin);
  };
  return info;
}

}  // namespace tailrace::models
