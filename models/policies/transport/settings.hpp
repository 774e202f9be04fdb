#pragma once
// What it costs to bring a message across: writing it as bytes and reading it again, compressing it, setting
// up the connection it goes over. Plain numbers and functions of them; no state.
//
// Invariant: the cost of a message depends on its size and on nothing else, so both ends agree on it.
// Left out: framing and packet headers other than header_size.
#include <cstdint>
#include <optional>

#include "models/field/values.hpp"

namespace tailrace::models {

enum class Protocol : std::uint8_t { rest, grpc };
enum class Codec : std::uint8_t { none, gzip, zstd, lz4, snappy };
enum class Stick : std::uint8_t {
  request,    // each request goes where the balancer says, over a connection to that instance
  connection  // the balancer is asked when a connection is set up; its requests all go there
};

// Time on a core for one message and for each KiB of it.
struct MessageCost {
  sim::Duration per_message{0}, per_kib{0};
};

struct CompressionSpec {
  Codec codec = Codec::none;
  std::optional<double> ratio;  // size before over size after
  std::optional<sim::Duration> compress_per_kib, decompress_per_kib;
  SizeDistribution min_size{sim::Distribution::constant(1024)};  // smaller messages are left as they are
};

struct StreamSpec {
  Count sent = 1, received = 1;  // messages of one call, each way
};

// HTTP/2's windows (RFC 9113, 5.2): bytes that may be under way before who gets them gives them free again.
struct FlowControlSpec {
  SizeDistribution stream_window{sim::Distribution::constant(65'535)};
  SizeDistribution connection_window{sim::Distribution::constant(65'535)};
  sim::Duration consume_per_kib{0};  // until who gets it has taken it out of its buffer
};

struct TransportSpec {
  Protocol protocol = Protocol::rest;
  std::optional<Count> connections;  // at a time
  std::optional<Count> max_concurrent_streams;
  std::optional<Stick> balance;
  Limit max_pending_requests{1024};
  std::optional<sim::Duration> acquire_timeout, idle_timeout, max_connection_age;
  std::optional<SizeDistribution> header_size;
  std::optional<MessageCost> encode, decode;
  CompressionSpec compression;
  StreamSpec messages;
  std::optional<FlowControlSpec> flow_control;
};

enum class TlsVersion : std::uint8_t { v1_3, v1_2 };
enum class Certificate : std::uint8_t { rsa_2048, ecdsa_p256 };

struct TlsSpec {
  TlsVersion version = TlsVersion::v1_3;
  bool mutual = false;
  Fraction resumption{0};   // share of the new connections that resume a former session
  bool early_data = false;  // 1.3: a resumed connection sends its first request at once
  Certificate certificate = Certificate::rsa_2048;
  std::optional<sim::Duration> client_cpu, server_cpu, resumed_cpu;
};

// Setting up one connection: round trips before its first request, and work at both ends.
struct ConnectionSetup {
  std::int64_t round_trips = 0;
  double client_ns = 0, server_ns = 0;
};

// A transport with all its defaults filled in.
struct TransportSettings {
  Protocol protocol = Protocol::rest;
  std::int64_t connections = 1, streams = 1;
  bool sticks = false;
  std::int64_t max_pending = -1;  // unlimited
  std::optional<sim::Duration> acquire_timeout, idle_timeout, max_age;
  bool secured = false, mutual = false;
  double resumption = 0;
  double stream_window = 0, connection_window = 0;  // bytes; 0: no flow control
  double consume_ns_per_byte = 0;
  ConnectionSetup full, resumed;
  double header_bytes = 0;
  double encode_ns = 0, encode_ns_per_byte = 0;
  double decode_ns = 0, decode_ns_per_byte = 0;
  double compress_ns_per_byte = 0, decompress_ns_per_byte = 0;
  double ratio = 1, compress_from_bytes = 0;
  bool compresses = false;
  double sent = 1, received = 1;
  // A proxy at either end passes messages on without reading them.
  bool work_at_caller = true, work_at_target = true;
  // The target is a balancer of layer 4: a new connection is so much work to it, and handshakes are its
  // target's.
  bool hands_on = false;
  double accept_ns = 0;

  // Of a payload of so many bytes per message, `messages` of them.
  double encoding_ns(double bytes, double messages) const {
    const bool small = !compresses || bytes < compress_from_bytes;
    return messages * (encode_ns + bytes * (encode_ns_per_byte + (small ? 0 : compress_ns_per_byte)));
  }
  double decoding_ns(double bytes, double messages) const {
    const bool small = !compresses || bytes < compress_from_bytes;
    return messages * (decode_ns + bytes * (decode_ns_per_byte + (small ? 0 : decompress_ns_per_byte)));
  }
  double bytes_on_link(double bytes, double messages) const {
    const bool small = !compresses || bytes < compress_from_bytes;
    return messages * (header_bytes + (small ? bytes : bytes / ratio));
  }
};

TransportSettings settings_of(const TransportSpec& spec, const TlsSpec* tls);

}  // namespace tailrace::models
