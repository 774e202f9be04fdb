#pragma once
// A host for channels under test: a clock, timers in order, and handlers that end when the test (or a fixed
// handling time) says so. Everything that the channel does is written down in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/messaging/channel.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kSecond = 1000 * kMs;

class FakeHost : public ChannelHost {
 public:
  struct Started {
    std::int64_t time;
    std::uint32_t subscription, instance;
    std::vector<Envelope> messages;
    std::uint64_t token;
  };
  struct Answered {
    std::int64_t time;
    std::uint64_t ticket;
    Outcome outcome;
  };
  struct Gone {
    std::int64_t time;
    std::uint32_t subscription;
    std::uint64_t identity;
    Fate fate;
  };

  std::int64_t now() const override { return now_; }
  void wake_at(std::int64_t when, std::uint64_t what) override {
    at(std::max(when, now_), [this, what] { channel->timer(what); });
  }
  void start(std::uint32_t subscription, std::uint32_t instance, std::span<const Envelope> messages,
             std::uint64_t token) override {
    started.push_back({now_, subscription, instance, {messages.begin(), messages.end()}, token});
    if (handling) {  // ends by itself
      const auto [after, outcome] = handling(started.back());
      if (after >= 0) at(now_ + after, [this, token, end = outcome] { channel->handled(token, end); });
    }
  }
  void answer(std::uint64_t ticket, Outcome outcome) override { answered.push_back({now_, ticket, outcome}); }
  bool forward(std::uint32_t to, const Envelope& message) override {
    forwarded.emplace_back(to, message);
    return accepts_forwarded;
  }
  void copy_made(std::uint32_t, const Envelope&) override { ++copies; }
  void copy_gone(std::uint32_t subscription, const Envelope& message, Fate fate) override {
    --copies;
    gone.push_back({now_, subscription, message.identity, fate});
  }
  std::uint64_t random(std::uint32_t purpose) override {
    auto it = streams_.find(purpose);
    if (it == streams_.end())
      it = streams_.emplace(purpose, sim::Stream(1, 0, "test", std::to_string(purpose))).first;
    return it->second.next();
  }
  void observe(ChannelTime what, std::uint32_t subscription, std::int64_t ns) override {
    times[{what, subscription}].push_back(ns);
  }

  // Runs `action` at the time; equal times in order of asking.
  void at(std::int64_t when, std::function<void()> action) {
    queue_.emplace(std::pair{when, serial_++}, std::move(action));
  }
  // Everything up to and including that time.
  void run_until(std::int64_t end) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      auto node = queue_.extract(queue_.begin());
      now_ = node.key().first;
      node.mapped()();
    }
    now_ = std::max(now_, end);
  }

  Channel* channel = nullptr;
  // Time (ns; negative: the test ends it) and outcome of a handler.
  std::function<std::pair<std::int64_t, Outcome>(const Started&)> handling;
  bool accepts_forwarded = true;
  std::vector<Started> started;
  std::vector<Answered> answered;
  std::vector<Gone> gone;
  std::vector<std::pair<std::uint32_t, Envelope>> forwarded;
  std::map<std::pair<ChannelTime, std::uint32_t>, std::vector<std::int64_t>> times;
  std::int64_t copies = 0;

 private:
  std::int64_t now_ = 0;
  std::uint64_t serial_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> queue_;
  std::map<std::uint32_t, sim::Stream> streams_;
};

// A channel with its host: what the worlds of all channels have in common.
template <class Model, class Host = FakeHost>
struct ChannelWorld {
  template <class Settings>
  explicit ChannelWorld(Settings settings, const std::vector<std::string>& keys = {""})
      : model(std::move(settings)) {
    model.routing_keys(keys);
    channel = model.start(host);
    host.channel = channel.get();
  }

  // Handlers take so long, and end so.
  void handle_in(std::int64_t ns, Outcome outcome = Outcome::success) {
    host.handling = [ns, outcome](const FakeHost::Started&) { return std::pair{ns, outcome}; };
  }
  PlaceCounts place(std::size_t which = 0) const { return channel->record().places[which]; }
  // Nothing is lost or created, and the host has heard of every copy.
  void expect_conserved() const {
    const ChannelRecord record = channel->record();
    std::int64_t here = 0;
    for (std::size_t p = 0; p < record.places.size(); ++p) {
      EXPECT_TRUE(record.places[p].conserved()) << model.place_names()[p];
      here += static_cast<std::int64_t>(record.places[p].ready + record.places[p].in_flight);
    }
    EXPECT_EQ(host.copies, here);
  }

  // Two instances of one worker each have the first two of four messages, which the test ends. The first one
  // pauses: it ends what it has, gets nothing more, and after that the last one.
  void expect_a_pause_ends_what_is_had() {
    ASSERT_EQ(host.started.size(), 2u);
    channel->set_intake(0, 0, Intake::paused);
    channel->handled(host.started[0].token, Outcome::success);
    EXPECT_EQ(host.started.size(), 2u);
    channel->handled(host.started[1].token, Outcome::success);
    ASSERT_EQ(host.started.size(), 3u);
    EXPECT_EQ(host.started[2].instance, 1u);
    channel->set_intake(0, 0, Intake::open);
    ASSERT_EQ(host.started.size(), 4u);
    EXPECT_EQ(host.started[3].instance, 0u);
  }

  Host host;
  Model model;
  std::unique_ptr<Channel> channel;
};

}  // namespace tailrace::models
