#pragma once
// What only some channels, models and hosts can say: small interfaces beside the seam of channel.hpp, which
// one that has something to say implements as well.
#include <cstdint>

#include "models/messaging/channel.hpp"

namespace tailrace::models {

// Of a channel: the delivery's work is somebody else's by now (its lease is over, its member was thrown out),
// so what its handler would publish in a transaction is refused. Asked just before Channel::handled().
class Fencing {
 public:
  virtual ~Fencing() = default;
  virtual bool fenced(std::uint64_t token) const = 0;
};

// Of a channel that leases messages: who has that delivery is dead, and what it was at rings at `when`. If it
// is still leased to the dead then, the lease ends. Told before instance_changed.
class Leases {
 public:
  virtual ~Leases() = default;
  virtual void ends_by(std::uint64_t token, std::int64_t when) = 0;
};

// Of a host: when the request began that caused the message. Hosts without it have its publication.
class EventClock {
 public:
  virtual ~EventClock() = default;
  virtual std::int64_t event_time(const Envelope& message) const = 0;
};

// Of a host: a message that follows from no other, and from no request: it begins a journey of its own. The
// caller holds it as long as it has it.
class Origin {
 public:
  virtual ~Origin() = default;
  virtual Envelope originate() = 0;
};

// Of a host: the message is the next that a worker of the group will begin, or that is thrown away. A hint
// for the caches, nothing else: a backlog is far larger than they are.
class Foresight {
 public:
  virtual ~Foresight() = default;
  virtual void comes_next(std::uint32_t subscription, const Envelope& message) const = 0;
};

// Of a model: what it delivers does not follow message by message what is published, as with windows.
class SumsUp {
 public:
  virtual ~SumsUp() = default;
};

}  // namespace tailrace::models
