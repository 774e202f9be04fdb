#include "models/policies/transport/settings.hpp"

namespace tailrace::models {

namespace {

constexpr double kKib = 1024;

// Writing and reading a message. JSON: in the order of the encoder and decoder benchmarks of Go's
// encoding/json; protocol buffers about five times as quick. Ours, to be replaced by what was measured.
constexpr MessageCost kJsonEncode{{2'000}, {4'000}}, kJsonDecode{{3'000}, {12'000}};
constexpr MessageCost kProtobufEncode{{500}, {800}}, kProtobufDecode{{700}, {2'000}};
// Headers of a request or an answer: HTTP/1.1 in full, HTTP/2 with repeated ones compressed (HPACK).
constexpr double kPlainHeaders = 600, kCompressedHeaders = 80;

// zstd's README, 1.4.5 (lzbench, Silesia corpus, one core of an i9-9900K): ratio, MB/s each way.
struct CodecFigures {
  double ratio, compress_mb_per_s, decompress_mb_per_s;
};
constexpr CodecFigures kCodecs[] = {
    {1, 0, 0},           // none
    {2.743, 90, 400},    // zlib 1.2.11 -1
    {2.884, 500, 1660},  // zstd 1.4.5 -1
    {2.101, 740, 4530},  // lz4 1.9.2
    {2.073, 560, 1790},  // snappy 1.1.8
};
constexpr double ns_per_byte(double mb_per_s) {
  return 1e3 / mb_per_s;
}

// `openssl speed`, OpenSSL 3.0.19 on one core of a cloud machine: nanoseconds.
constexpr double kKeyExchange = 35'000;  // one operation on X25519; each end makes a key and uses one
constexpr double kSign[] = {353'000, 26'000}, kVerify[] = {20'000, 79'000};  // rsa_2048, ecdsa_p256
constexpr double kChain = 2;  // signatures that a peer checks: the certificate's and the handshake's

constexpr std::int64_t kRestConnections = 100, kGrpcStreams = 100;

double per_byte(const sim::Duration& per_kib) {
  return static_cast<double>(per_kib.ns) / kKib;
}

ConnectionSetup setup_of(const TlsSpec* tls, bool resumed) {
  ConnectionSetup s;
  s.round_trips = 1;  // TCP's
  if (tls == nullptr) return s;
  const bool v13 = tls->version == TlsVersion::v1_3;
  if (resumed) {
    s.round_trips += v13 && tls->early_data ? 0 : 1;
    s.client_ns = s.server_ns =
        tls->resumed_cpu ? static_cast<double>(tls->resumed_cpu->ns) : 2 * kKeyExchange;
    return s;
  }
  s.round_trips += v13 ? 1 : 2;
  const auto kind = static_cast<std::size_t>(tls->certificate);
  s.client_ns = 2 * kKeyExchange + kChain * kVerify[kind] + (tls->mutual ? kSign[kind] : 0);
  s.server_ns = 2 * kKeyExchange + kSign[kind] + (tls->mutual ? kChain * kVerify[kind] : 0);
  if (tls->client_cpu) s.client_ns = static_cast<double>(tls->client_cpu->ns);
  if (tls->server_cpu) s.server_ns = static_cast<double>(tls->server_cpu->ns);
  return s;
}

}  // namespace

TransportSettings settings_of(const TransportSpec& spec, const TlsSpec* tls) {
  const bool grpc = spec.protocol == Protocol::grpc;
  TransportSettings s;
  s.protocol = spec.protocol;
  s.connections = spec.connections.value_or(grpc ? 1 : kRestConnections);
  s.streams = spec.max_concurrent_streams.value_or(grpc ? kGrpcStreams : 1);
  s.sticks = spec.balance.value_or(grpc ? Stick::connection : Stick::request) == Stick::connection;
  s.max_pending = spec.max_pending_requests.value;
  s.acquire_timeout = spec.acquire_timeout;
  s.idle_timeout = spec.idle_timeout;
  s.max_age = spec.max_connection_age;
  s.header_bytes = spec.header_size ? spec.header_size->value.mean()
                   : grpc           ? kCompressedHeaders
                                    : kPlainHeaders;
  const MessageCost encode = spec.encode.value_or(grpc ? kProtobufEncode : kJsonEncode);
  const MessageCost decode = spec.decode.value_or(grpc ? kProtobufDecode : kJsonDecode);
  s.encode_ns = static_cast<double>(encode.per_message.ns);
  s.encode_ns_per_byte = per_byte(encode.per_kib);
  s.decode_ns = static_cast<double>(decode.per_message.ns);
  s.decode_ns_per_byte = per_byte(decode.per_kib);
  s.compresses = spec.compression.codec != Codec::none;
  if (s.compresses) {
    const CompressionSpec& c = spec.compression;
    const CodecFigures& figures = kCodecs[static_cast<std::size_t>(c.codec)];
    s.ratio = c.ratio.value_or(figures.ratio);
    s.compress_ns_per_byte =
        c.compress_per_kib ? per_byte(*c.compress_per_kib) : ns_per_byte(figures.compress_mb_per_s);
    s.decompress_ns_per_byte =
        c.decompress_per_kib ? per_byte(*c.decompress_per_kib) : ns_per_byte(figures.decompress_mb_per_s);
    s.compress_from_bytes = c.min_size.value.mean();
  }
  s.sent = static_cast<double>(spec.messages.sent);
  s.received = static_cast<double>(spec.messages.received);
  if (spec.flow_control) {
    s.stream_window = spec.flow_control->stream_window.value.mean();
    s.connection_window = spec.flow_control->connection_window.value.mean();
    s.consume_ns_per_byte = per_byte(spec.flow_control->consume_per_kib);
  }
  s.secured = tls != nullptr;
  s.mutual = tls != nullptr && tls->mutual;
  s.resumption = tls != nullptr ? tls->resumption.value : 0;
  s.full = setup_of(tls, false);
  s.resumed = setup_of(tls, true);
  return s;
}

}  // namespace tailrace::models
