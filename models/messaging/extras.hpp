#pragma once
// What channels, models and hosts can say beside the seam of channel.hpp: small interfaces. One that has
// something to say implements it as well; every channel has Intakes, and every model Pauses.
#include <cstdint>
#include <vector>

#include "models/messaging/channel.hpp"

namespace tailrace::models {

// Of a channel: the delivery's work is somebody else's by now (its lease is over, its member was thrown out),
// so what its handler would publish in a transaction is refused. Asked just before Channel::handled().
class Fencing {
 public:
  virtual ~Fencing() = default;
  virtual bool fenced(std::uint64_t token) const = 0;
};

// Of a channel: whether an instance fetches. One that is paused keeps what it was assigned, and one that
// leaves gives it up; both handle what they have fetched. Who leaves is not up for long: its end is an
// instance_changed(), and one that stays after all is told `open`.
enum class Intake : std::uint8_t { open, paused, leaving };
class Intakes {
 public:
  virtual ~Intakes() = default;
  virtual void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) = 0;
};

// Of a model: when its groups pause. By the clock, or while another group is behind: that is looked at every
// `interval`, and the pause ends at the first look that finds no more than `below`.
struct PauseSettings {
  std::uint32_t subscription = 0;
  std::int64_t at_ns = 0, length_ns = 0, every_ns = 0;  // every 0: once
  int watched = -1;  // effect of the group that is behind; none: by the clock
  std::int64_t interval_ns = 1'000'000'000;
  std::uint64_t above = 0, below = 0;
};
class Pauses {
 public:
  virtual ~Pauses() = default;
  std::vector<PauseSettings> pauses;
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
