#include "cli/cluster.hpp"

#ifdef TAILRACE_MPI
#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <set>
#include <thread>
#endif

namespace tailrace::cli {

#ifdef TAILRACE_MPI

namespace {

namespace mpi = boost::mpi;
using Clock = std::chrono::steady_clock;
using Points = std::vector<std::size_t>;

constexpr auto kBeat = std::chrono::seconds(1);
constexpr auto kSilence = std::chrono::seconds(10);
constexpr auto kNap = std::chrono::microseconds(300);  // MPI's own waiting would burn a core
constexpr std::size_t kMostInShare = 64;

enum Tag : int { kAlive = 1, kAsk = 2, kWork = 3 };
// In place of a share: the end, with or without the farewell that a dead rank would keep waiting.
constexpr std::size_t kEnd = static_cast<std::size_t>(-1), kEndAtOnce = static_cast<std::size_t>(-2);

class MpiCluster final : public Cluster {
 public:
  MpiCluster() : environment_(mpi::threading::funneled) {}
  int rank() const override { return world_.rank(); }
  int size() const override { return world_.size(); }

  std::string hand_out(const Points& todo, const Hand& hand) override {
    queue_.assign(todo.begin(), todo.end());
    missing_ = std::set<std::size_t>(todo.begin(), todo.end());
    ranks_.assign(static_cast<std::size_t>(size()), {});
    for (Rank& r : ranks_) r.heard = Clock::now();
    bool stopped = false;
    while (!missing_.empty() && !stopped) {
      bool busy = false;
      while (const auto message = world_.iprobe(mpi::any_source, mpi::any_tag)) {
        receive(message->source(), message->tag(), hand);
        busy = true;
      }
      bury_the_silent();
      for (std::size_t r = 1; r < ranks_.size(); ++r) feed(r);
      hand.tick();
      stopped = hand.stop();
      const auto alive = [](const Rank& r) { return !r.dead; };
      if (std::none_of(ranks_.begin() + 1, ranks_.end(), alive)) {
        abrupt_ = true;
        return "no rank is left to simulate; the same command goes on from here";
      }
      if (!busy) std::this_thread::sleep_for(kNap);
    }
    part(hand);
    return "";
  }

  void abort(int exit_code) override { world_.abort(exit_code); }

  void serve(const std::function<void(const Points&, const Beat&)>& work) override {
    std::string lines;
    for (;;) {
      world_.send(0, kAsk, lines);
      lines.clear();
      while (!world_.iprobe(0, kWork)) std::this_thread::sleep_for(kNap);
      Points share;
      world_.recv(0, kWork, share);
      if (share.at(0) == kEndAtOnce) std::_Exit(0);
      if (share[0] == kEnd) return;
      Clock::time_point last = Clock::now();
      work(share, [&](std::string more) {
        lines += more;
        if (Clock::now() - last < kBeat) return;
        world_.send(0, kAlive, lines);
        lines.clear();
        last = Clock::now();
      });
    }
  }

  ~MpiCluster() override {
    if (abrupt_) std::_Exit(0);  // MPI's farewell waits for all, also for the dead
  }

 private:
  struct Rank {
    Points share;
    bool waits = false, dead = false;
    Clock::time_point heard;
  };

  void receive(int source, int tag, const Hand& hand) {
    std::string lines;
    world_.recv(source, tag, lines);
    Rank& r = ranks_[static_cast<std::size_t>(source)];
    r.heard = Clock::now();
    r.dead = false;  // it was only slow
    if (!lines.empty()) {
      for (const std::size_t point : hand.accept(lines)) missing_.erase(point);
    }
    if (tag != kAsk) return;
    give_back(r);  // what an interrupt left undone
    r.waits = true;
  }

  // Points of a share that nobody has finished go to the front of the queue.
  void give_back(Rank& r) {
    for (auto at = r.share.rbegin(); at != r.share.rend(); ++at) {
      if (missing_.count(*at) != 0) queue_.push_front(*at);
    }
    r.share.clear();
  }

  void feed(std::size_t rank) {
    Rank& r = ranks_[rank];
    if (!r.waits || r.dead) return;
    const std::size_t fair = queue_.size() / (3 * (ranks_.size() - 1));
    for (const std::size_t most = std::clamp<std::size_t>(fair, 1, kMostInShare);
         r.share.size() < most && !queue_.empty(); queue_.pop_front()) {
      if (missing_.count(queue_.front()) != 0) r.share.push_back(queue_.front());
    }
    if (r.share.empty()) return;
    r.waits = false;
    world_.send(static_cast<int>(rank), kWork, r.share);
  }

  // A rank that waits for work owes no beat.
  void bury_the_silent() {
    for (std::size_t i = 1; i < ranks_.size(); ++i) {
      Rank& r = ranks_[i];
      if (r.dead || r.waits || Clock::now() - r.heard < kSilence) continue;
      r.dead = true;
      give_back(r);
    }
  }

  // Every rank that lives says what it has, and is let go.
  void part(const Hand& hand) {
    std::size_t open = 0;
    for (std::size_t i = 1; i < ranks_.size(); ++i) {
      abrupt_ = abrupt_ || ranks_[i].dead;
      open += !ranks_[i].dead;
    }
    for (const auto end = Clock::now() + kSilence; open > 0 && Clock::now() < end;) {
      while (const auto message = world_.iprobe(mpi::any_source, mpi::any_tag))
        receive(message->source(), message->tag(), hand);
      for (std::size_t i = 1; i < ranks_.size(); ++i) {
        if (!ranks_[i].waits) continue;
        ranks_[i].waits = false;
        world_.send(static_cast<int>(i), kWork, Points{abrupt_ ? kEndAtOnce : kEnd});
        --open;
      }
      std::this_thread::sleep_for(kNap);
    }
    abrupt_ = abrupt_ || open > 0;
  }

  mpi::environment environment_;
  mpi::communicator world_;
  std::deque<std::size_t> queue_;
  std::set<std::size_t> missing_;
  std::vector<Rank> ranks_;
  bool abrupt_ = false;
};

}  // namespace

std::unique_ptr<Cluster> join_cluster() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"}) {
    if (std::getenv(name) == nullptr) continue;
    auto cluster = std::make_unique<MpiCluster>();
    if (cluster->size() > 1) return cluster;
    break;
  }
  return nullptr;
}

#else

std::unique_ptr<Cluster> join_cluster() {
  return nullptr;
}

#endif

}  // namespace tailrace::cli
