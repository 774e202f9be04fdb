#pragma once
// An instance as the network sees it: what its connections meet there, shared by all who call it. The
// server's own limits (models/policies/server_connections) hold on top of each caller's; its certificate
// (models/policies/certificate) decides whether a new connection over TLS comes about.
//
// Connections close in the eyes of their caller, when it next looks. A server that would refuse one asks its
// callers to look first, so that what has long been over does not count.
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

class Connections;

struct ServerLimits {
  std::int64_t max_connections = -1;  // -1: unlimited
  std::int64_t streams = INT64_MAX;   // at a time, of one connection
  std::optional<sim::Duration> idle_timeout, max_age;
};

// By how many ns the clocks of instances are ahead.
class PeerClocks {
 public:
  virtual ~PeerClocks() = default;
  virtual std::int64_t ahead(std::uint32_t instance, std::int64_t now) const = 0;
};

// Whether the holder's certificate is out of date, to a reader whose clock is ahead by so many ns.
class PeerCertificate {
 public:
  virtual ~PeerCertificate() = default;
  virtual bool expired(sim::Instant now, std::int64_t ahead) = 0;
  virtual void refused() = 0;  // a handshake, because of it
  virtual void ca_outage(bool begins, sim::Instant now) = 0;
};

// What connections take of the holder's memory, in which they end when it is over.
class PeerMemory {
 public:
  virtual ~PeerMemory() = default;
  virtual void opened() = 0;
  virtual void closed() = 0;
  virtual bool must_die() const = 0;
};

struct Peer {
  std::uint32_t incarnation = 0;  // counts its deaths: none of its connections outlives one
  bool leaving = false;           // takes no new ones, and says so to those who have one
  bool expired = false;           // its certificate, by a fault: new connections fail
  const ServerLimits* limits = nullptr;
  PeerCertificate* certificate = nullptr;
  std::int64_t open = 0;              // connections to it, where it has limits
  std::vector<Connections*> callers;  // where it has limits
  PeerMemory* memory = nullptr;       // of the sidecar that stands before it, or that it is
  std::uint32_t pod = 0;              // ... whose number that is

  const PeerClocks* clocks = nullptr;  // none: all are right
  std::uint32_t instance = 0;          // ... by which they know it

  std::int64_t ahead(sim::Instant now) const {
    return clocks == nullptr ? 0 : clocks->ahead(instance, now.ns);
  }
  // `reader`: who checks the certificate, by its own clock; none: a client, whose clock is right.
  bool refuses_handshakes(sim::Instant now, const Peer* reader) const {
    if (expired) return true;
    if (certificate == nullptr || !certificate->expired(now, reader == nullptr ? 0 : reader->ahead(now)))
      return false;
    certificate->refused();
    return true;
  }
};

}  // namespace tailrace::models
