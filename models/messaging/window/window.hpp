#pragma once
// Windows over a stream of events: counted by event time, fired by a watermark, delivered as one result each.
//
//   event ─► its windows (one; size/every; a session of its key) ─► watermark passes the end ─► result
//
// Event time is when the request began that caused the event. The watermark says up to where events are taken
// to be complete: out_of_orderness behind the latest event seen, or behind the clock. A window fires when the
// watermark reaches its end, and is kept for `lateness` more: an event that comes until then makes it fire
// again; one that comes after all its windows are gone is late, and dropped. By events, time stands still
// while no event comes, and what is open stays open.
//
// Two subscriptions: the events (nobody handles them: ready while a window that has not fired counts them;
// dropped when late) and the results (handled by the group, at least once, first come first served). State is
// that of a checkpoint that costs nothing: a node that dies refuses events until it returns, and loses none
// that it has counted. Who handles results may pause or leave: what has fired waits, and windows go on to
// count and to fire, as if a queue lay between (in Flink a sink that stands still holds up what comes before
// it, in the end the source).
//
// Left out: checkpoints and their cost, that pressure, the sources' own watermarks, triggers before the end,
// joins. Cost: O(windows of an event x log(open windows)); memory is open windows, and keys that were ever
// met.
#include <memory>
#include <vector>

#include "models/messaging/extras.hpp"
#include "models/messaging/ring.hpp"
#include "models/messaging/window/settings.hpp"
#include "models/policy/key_map.hpp"
#include "sim/base/time.hpp"

namespace tailrace::models::window {

inline constexpr std::uint32_t kEvents = 0, kResults = 1;  // subscriptions, and their places

class Windows final : public Channel {
 public:
  Windows(const WindowSettings& settings, ChannelHost& host);

  std::uint32_t place(Envelope&) override { return up_ ? 0 : kNobody; }
  Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) override;
  void handled(std::uint64_t token, Outcome outcome) override;
  void timer(std::uint64_t what) override;
  void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) override;
  void node_changed(std::uint32_t node, bool up) override;
  std::uint64_t depth(std::uint32_t subscription) const override {
    return in(subscription == kEvents ? events_ : results_);
  }
  std::int64_t oldest_born(std::uint32_t) const override;  // of results; what is in windows is not looked at
  void reset_counts() override;
  ChannelRecord record() const override;
  std::size_t bytes() const override;

 private:
  struct Place {
    PlaceCounts counts;
    std::int64_t changed = 0;
  };
  struct Pane {  // an open window
    std::int64_t start = 0, end = 0;
    std::uint64_t key = 0;
    std::uint64_t events = 0;   // counted
    std::uint64_t unfired = 0;  // of these, those that no fired window has counted
    std::uint32_t firings = 0;
    std::uint32_t next = kNobody;  // of its key, or free
    std::uint32_t serial = 0;      // grows when it is gone
    bool open = false;
    Envelope first;  // held, so that its journey is there for the results; its sequence is the last one's
  };
  struct Due {
    std::int64_t time;  // event time
    std::uint64_t order;
    std::uint32_t pane, serial;
    bool purge;
    bool operator<(const Due& other) const {  // a heap's top is the greatest: the earliest
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  struct Result {
    Envelope message;
    std::int64_t since = 0;
    bool delivered = false;
  };
  struct Delivery {
    Result result;
    std::uint32_t instance = 0, generation = 0, next_free = kNobody;
    enum class State : std::uint8_t { free, running, pausing } state = State::free;
  };

  static std::uint64_t in(const Place& p) { return p.counts.ready + p.counts.in_flight; }
  void accrue(Place& p);
  std::int64_t event_time(const Envelope& message) const;
  // windows
  bool gone(std::int64_t end) const { return sim::saturating_add(end, s_.lateness) <= watermark_; }
  std::uint32_t pane_at(std::uint64_t key, std::int64_t start, std::int64_t end, const Envelope& message);
  std::uint32_t session_at(std::uint64_t key, std::int64_t time, const Envelope& message);
  void count_in(std::uint32_t pane, std::uint64_t sequence, bool last);
  void due(std::int64_t time, std::uint32_t pane, bool purge);
  void advance(std::int64_t watermark);
  void fire(std::uint32_t pane);
  void purge(std::uint32_t pane);
  std::uint32_t& line(std::uint64_t key) { return lines_[key]; }
  // results
  void pump();
  void start(const Result& result, std::uint32_t instance);
  void free(std::uint32_t delivery);
  void take_back(std::uint32_t delivery);

  const WindowSettings& s_;
  ChannelHost& host_;
  const EventClock* clock_;
  std::int64_t watermark_ = -1;  // no event time is negative
  std::vector<Pane> panes_;
  std::uint32_t free_pane_ = kNobody;
  KeyMap<std::uint32_t> lines_{kNobody};  // by key: its open windows
  std::vector<Due> due_;
  std::uint64_t order_ = 0;
  Ring<Result> ready_, again_;  // results; those that were not handled go first
  std::vector<Delivery> deliveries_;
  std::uint32_t free_delivery_ = kNobody;
  std::vector<std::int64_t> running_;  // by instance; -1: it is down
  std::vector<Intake> intakes_;
  std::uint32_t next_instance_ = 0;
  Place events_, results_;
  ChannelCounts counts_;
  bool up_ = true;
};

class WindowModel final : public ChannelModel, public SumsUp {
 public:
  explicit WindowModel(WindowSettings settings)
      : settings_(std::move(settings)), groups_{{"events", 0, 1}, settings_.group} {}
  std::unique_ptr<Channel> start(ChannelHost& host) const override {
    return std::make_unique<Windows>(settings_, host);
  }
  const std::vector<GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override { return {groups_[0].name, groups_[1].name}; }
  std::vector<std::uint32_t> place_subscriptions() const override { return {kEvents, kResults}; }
  std::uint32_t streams() const override { return 0; }
  const WindowSettings& settings() const { return settings_; }

 private:
  WindowSettings settings_;
  std::vector<GroupSettings> groups_;
};

}  // namespace tailrace::models::window
