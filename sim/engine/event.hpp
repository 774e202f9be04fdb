#pragma once
// An entry of the calendar: 16 bytes, plain data. What the event does lives elsewhere; `target` and `tag` are
// the engine's words for finding it.
//
// Order of a run: (time, phase, order of scheduling). Equal times are ordered by phase, equal phases first
// in, first out, also for events scheduled at the very instant that is being processed.
#include <cstdint>
#include <type_traits>

namespace tailrace::sim {

// What comes first within one instant; lower runs first.
enum class Phase : std::uint8_t {
  finish = 0,   // work ends and replies land: capacity is free before anybody asks for it
  arrive = 1,   // new load and control changes meet the state that the instant's finished work left behind
  expire = 2,   // timeouts: a reply that lands exactly on its deadline is a success
  observe = 3,  // sampling, end of warm-up, end of run: they see everything of their instant
};

struct Event {
  std::int64_t time_ns = 0;  // absolute, >= 0
  std::uint32_t target = 0;  // whose event: a slot or an id, the engine's choice
  std::uint32_t tag = 0;     // phase (2 bits, highest) | kind (6 bits) | generation (24 bits); see event_tag

  constexpr Phase phase() const { return static_cast<Phase>(tag >> 30); }
  constexpr std::uint32_t kind() const { return (tag >> 24) & 0x3fu; }
  constexpr std::uint32_t generation() const { return tag & 0xffffffu; }
  constexpr bool operator==(const Event&) const = default;
};
static_assert(sizeof(Event) == 16 && std::is_trivially_copyable_v<Event>);

// Bits beyond a field's width are dropped: a generation counts modulo 2^24.
constexpr std::uint32_t event_tag(Phase phase, std::uint32_t kind, std::uint32_t generation = 0) {
  return static_cast<std::uint32_t>(phase) << 30 | (kind & 0x3fu) << 24 | (generation & 0xffffffu);
}

}  // namespace tailrace::sim
