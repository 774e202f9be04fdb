#pragma once
// What is asked about: something that may come about in the course of a run. In words:
//
//   queue of db > 100                    requests that wait at a service or database, all instances together
//   requests in db#1 >= 20               that wait or are served; #1 is one instance (from 0)
//   down instances of db >= 3            taken down by faults;  `db is down`: all of them
//   lag of orders/mailers > 1000         messages that a consumer group has yet to handle
//   slowest request of shoppers > 2s     one is under way for longer, or took longer
//   failed requests of shoppers >= 50    since counting began (the end of the warm-up)
//
// joined by `and` (all at one instant) or by `or`; `when` may stand before all of it. The same words guide
// the splitting: of how far one has come, 0 to goal, the score tells at any moment of a run. A score is the
// value over its limit; of several joined by `and` the mean, by `or` the greatest.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/watch.hpp"

namespace tailrace::scenarios {

struct RareTerm {
  enum class What : std::uint8_t { queue, requests, down, lag, slowest, failed };
  What what = What::queue;
  std::vector<std::uint32_t> instances;  // of queue, requests, down; ids of the model
  std::uint32_t id = 0;                  // group of lag; workload of slowest and failed
  std::vector<std::uint32_t> classes;    // of failed
  std::int64_t limit = 1;                // so it is when the value is at least this; ns of slowest
};

struct RareEvent {
  std::string text;  // as written, `when` and blanks at its ends left out
  bool all = true;   // and; false: or
  std::vector<RareTerm> terms;
  std::uint32_t goal = 1;  // the score of what has come about
  // Scores are counts of this: "queue of db"; empty where they are shares of several.
  std::string counts;
};

struct EventFault {
  std::string message, hint;
};

// Names are looked up in the model. Empty after setting the fault: a text that cannot be read, names nothing,
// or can never come about (a queue that holds fewer).
std::optional<RareEvent> read_event(const std::string& text, const models::CompiledModel& model,
                                    EventFault& fault);

// The score of one run, as it goes. Cost of a look: as many reads as there are instances that count.
class EventScore {
 public:
  explicit EventScore(const RareEvent& event) : event_(event), hints_(event.terms.size()) {
    slowest_.resize(event.terms.size());
  }
  std::uint32_t at(const models::Peek& peek);
  void request_ended(std::uint32_t workload, std::int64_t took_ns);

 private:
  std::int64_t value(std::size_t term, const models::Peek& peek);

  const RareEvent& event_;
  std::vector<models::Peek::Oldest> hints_;
  std::vector<std::int64_t> slowest_;  // of those that have ended since the last look
};

}  // namespace tailrace::scenarios
