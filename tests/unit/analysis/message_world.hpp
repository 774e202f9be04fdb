#pragma once
// A channel as small as can be, and topologies with it: one queue without a bound, first in, first out, for
// one group of consumers. A message whose handler fails is delivered once more, and then dead-lettered.
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/runtime/station_state.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {

class PlainQueue final : public models::ChannelModel {
 public:
  explicit PlainQueue(models::GroupSettings group) : groups_{std::move(group)} {}
  std::unique_ptr<models::Channel> start(models::ChannelHost& host) const override {
    return std::make_unique<State>(host, groups_[0]);
  }
  const std::vector<models::GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override { return {"queue"}; }
  std::vector<std::uint32_t> place_subscriptions() const override { return {0}; }
  std::vector<std::string> event_names() const override { return {"second thousand"}; }

 private:
  struct Copy {
    models::Envelope message;
    std::int64_t since = 0;
    bool again = false;
  };

  class State final : public models::Channel {
   public:
    State(models::ChannelHost& host, const models::GroupSettings& group)
        : host_(host), free_(group.instances * group.concurrency) {}
    std::uint32_t place(models::Envelope&) override { return 0; }
    models::Publication publish(const models::Envelope& message, bool, std::uint64_t) override {
      if (++counts_.published == 1000) events_.push_back({host_.now(), 0, models::kNobody});
      moved(1);
      ++place_.accepted;
      place_.peak = std::max(place_.peak, static_cast<std::uint64_t>(kept_));
      host_.copy_made(0, message);
      ready_.push_back({message, host_.now(), false});
      hand_out();
      return models::Publication::accepted;
    }
    void handled(std::uint64_t token, models::Outcome outcome) override {
      Copy copy = std::move(out_[token]);
      ++free_;
      if (outcome != models::Outcome::success && !copy.again) {
        copy.again = true;
        ready_.push_front(copy);
      } else {
        const models::Fate fate =
            outcome == models::Outcome::success ? models::Fate::consumed : models::Fate::dead_lettered;
        ++place_.ended[static_cast<std::size_t>(fate)];
        moved(-1);
        host_.copy_gone(0, copy.message, fate);
      }
      hand_out();
    }
    void timer(std::uint64_t) override {}
    void instance_changed(std::uint32_t, std::uint32_t, bool) override {}
    void node_changed(std::uint32_t, bool) override {}
    void set_intake(std::uint32_t, std::uint32_t, models::Intake) override {}
    std::uint64_t depth(std::uint32_t) const override { return static_cast<std::uint64_t>(kept_); }
    std::int64_t oldest_born(std::uint32_t) const override { return -1; }
    void reset_counts() override {
      moved(0);
      counts_ = {};
      place_ = {};
      place_.resident_at_start = static_cast<std::uint64_t>(kept_);
    }
    models::ChannelRecord record() const override {
      models::ChannelRecord r{counts_, {place_}, events_};
      r.places[0].area += static_cast<models::Area>(kept_) * (host_.now() - changed_);
      r.places[0].ready = ready_.size();
      r.places[0].in_flight = static_cast<std::uint64_t>(kept_) - ready_.size();
      return r;
    }
    std::size_t bytes() const override { return 0; }

   private:
    void moved(std::int64_t by) {
      place_.area += static_cast<models::Area>(kept_) * (host_.now() - changed_);
      changed_ = host_.now();
      kept_ += by;
    }
    void hand_out() {
      while (free_ > 0 && !ready_.empty()) {
        --free_;
        ++place_.deliveries;
        place_.redeliveries += ready_.front().again ? 1 : 0;
        if (!ready_.front().again)
          host_.observe(models::ChannelTime::waiting, 0, host_.now() - ready_.front().since);
        out_.push_back(ready_.front());
        ready_.pop_front();
        const models::Envelope message = out_.back().message;
        host_.start(0, 0, {&message, 1}, out_.size() - 1);
      }
    }

    models::ChannelHost& host_;
    std::int64_t free_, kept_ = 0, changed_ = 0;
    models::ChannelCounts counts_;
    models::PlaceCounts place_;
    std::vector<models::ChannelEvent> events_;
    std::deque<Copy> ready_;
    std::vector<Copy> out_;  // by token
  };

  std::vector<models::GroupSettings> groups_;
};

struct MessageWorld : World {
  // A channel `name` and its only group `name`/"mailers" of one instance; returns the operation to publish
  // to.
  int channel(const std::string& name, std::int64_t concurrency, models::Steps handler) {
    const int publish = service(name, models::kUnlimited, {});
    operation(publish).name = "publish";
    const int id = static_cast<int>(t.channels.size());
    operation(publish).channel = id;
    models::Step deposit;
    deposit.kind = models::Step::Kind::deposit;
    deposit.ref = id;
    operation(publish).steps = {deposit};
    models::MessageChannel c;
    c.name = name;
    c.component = operation(publish).component;
    c.station = operation(publish).station;
    c.model = std::make_shared<PlainQueue>(models::GroupSettings{"mailers", 1, concurrency});
    models::ConsumerGroup g;
    g.name = name + "/mailers";
    models::Station s;
    s.name = g.name;
    s.component = c.component;
    s.groups = {{1, 1, 1, 0, {}}};
    s.workers = concurrency;
    g.station = static_cast<int>(t.stations.size());
    t.stations.push_back(s);
    g.effect = static_cast<int>(t.effects.size());
    t.effects.push_back({g.name, c.component, {}, {}, false, {}});
    models::Operation o;
    o.name = "mailers";
    o.component = c.component;
    o.station = g.station;
    models::Step done;
    done.kind = models::Step::Kind::effect;
    done.ref = g.effect;
    done.branches = {{1, std::move(handler)}};
    o.steps = {done};
    g.operation = static_cast<int>(t.operations.size());
    t.operations.push_back(o);
    models::Edge e;
    e.from_component = c.component;
    e.operation = g.operation;
    g.edge = static_cast<int>(t.edges.size());
    t.edges.push_back(e);
    c.groups = {g};
    t.channels.push_back(c);
    return publish;
  }
  int handler(int publish) { return t.channels[channel_of(publish)].groups[0].operation; }
  std::size_t channel_of(int publish) { return static_cast<std::size_t>(operation(publish).channel); }

  models::Step publish(int to, int from_op = models::kNone) {
    models::Step step = call(to, from_op);
    models::PublishSettings p;
    p.channel = operation(to).channel;
    t.edges[static_cast<std::size_t>(step.edge)].publication = static_cast<int>(t.publications.size());
    t.publications.push_back(p);
    return step;
  }
  models::Step milestone(const std::string& name) {
    models::Step s;
    s.kind = models::Step::Kind::milestone;
    s.ref = static_cast<int>(t.milestones.size());
    t.milestones.push_back({name, 0});
    return s;
  }
};

}  // namespace tailrace::analysis
