#include "cli/cluster.hpp"

#include <cstdlib>
#include <cstring>

#ifdef TAILRACE_MPI
#include <fmt/format.h>

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <chrono>
#include <deque>
#include <list>
#include <set>
#include <thread>

#include "sim/base/bytes.hpp"
#endif

namespace tailrace::cli {

#ifdef TAILRACE_MPI

namespace {

namespace mpi = boost::mpi;
using Clock = std::chrono::steady_clock;

constexpr auto kBeat = std::chrono::seconds(1);
constexpr auto kSilence = std::chrono::seconds(10);
constexpr auto kPing = std::chrono::seconds(30);
constexpr auto kAbandoned = std::chrono::minutes(10);
constexpr auto kNap = std::chrono::microseconds(300);  // MPI's own waiting would burn a core
constexpr std::size_t kMostInShare = 64;

// kEndAtOnce: without the farewell that a dead rank would keep waiting.
enum Tag : int { kAlive = 1, kAsk = 2, kWork = 3, kStay = 4, kEnd = 5, kEndAtOnce = 6 };

struct Message {
  MPI_Request request = MPI_REQUEST_NULL;
  std::string bytes;
  int other = 0, tag = 0;
};

// Messages on their way. Nothing here waits.
class Mail {
 public:
  explicit Mail(MPI_Comm world) : world_(world) { MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN); }

  // False when MPI knows that nobody is there.
  bool send(int to, int tag, std::string bytes) {
    Message& m = sent_.emplace_back();
    m.bytes = std::move(bytes);
    m.other = to;
    const int size = static_cast<int>(m.bytes.size());
    if (MPI_Isend(m.bytes.data(), size, MPI_CHAR, to, tag, world_, &m.request) == MPI_SUCCESS) return true;
    sent_.pop_back();
    return false;
  }
  // All that was sent has left.
  bool idle() {
    sent_.remove_if([](Message& m) { return ended(m); });
    return sent_.empty();
  }
  // The next message that is here whole, in the order in which each sender sent; false: none.
  bool receive(Message& out) {
    for (;;) {
      int there = 0;
      MPI_Message handle = MPI_MESSAGE_NULL;
      MPI_Status status;
      if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, world_, &there, &handle, &status) != MPI_SUCCESS || !there)
        break;
      int size = 0;
      MPI_Get_count(&status, MPI_CHAR, &size);
      Message& m = coming_.emplace_back();
      m.bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
      m.other = status.MPI_SOURCE;
      m.tag = status.MPI_TAG;
      if (MPI_Imrecv(m.bytes.data(), size, MPI_CHAR, &handle, &m.request) != MPI_SUCCESS) coming_.pop_back();
    }
    std::set<int> unfinished;
    for (auto at = coming_.begin(); at != coming_.end(); ++at) {
      if (unfinished.count(at->other) != 0) continue;
      if (!ended(*at)) {
        unfinished.insert(at->other);
        continue;
      }
      out = std::move(*at);
      coming_.erase(at);
      return true;
    }
    return false;
  }

 private:
  static bool ended(Message& m) {
    int done = 0;
    return MPI_Test(&m.request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done != 0;
  }
  MPI_Comm world_;
  std::list<Message> sent_, coming_;  // what MPI works on does not move
};

// What rank 0 keeps of the others, and of the items of the present round.
class MpiCluster final : public Cluster {
 public:
  explicit MpiCluster(std::string identity)
      : environment_(std::make_unique<mpi::environment>(mpi::threading::funneled, false)),
        mail_(world_),
        identity_(std::move(identity)) {
    ranks_.resize(static_cast<std::size_t>(size()));
    for (Rank& r : ranks_) r.heard = Clock::now();
  }
  int rank() const override { return world_.rank(); }
  int size() const override { return world_.size(); }

  std::string hand_out(const std::vector<std::string>& items, const Hand& hand) override {
    base_ += items_.size();  // numbers of earlier rounds are nobody's now
    items_ = items;
    queue_.clear();
    missing_.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      queue_.push_back(i);
      missing_.insert(missing_.end(), i);
    }
    for (Rank& r : ranks_) r.share.clear();
    while (!missing_.empty() && !hand.stop() && fault_.empty()) {
      const bool busy = take_mail(&hand);
      mail_.idle();
      bury_the_silent();
      for (std::size_t r = 1; r < ranks_.size(); ++r) feed(r);
      ping();
      hand.tick();
      const auto gone = [](const Rank& r) { return r.dead || r.retired; };
      if (std::all_of(ranks_.begin() + 1, ranks_.end(), gone))
        fault_ = "no rank is left to simulate; the same command goes on from what is written";
      if (!busy) std::this_thread::sleep_for(kNap);
    }
    return fault_;
  }

  void serve(const Service& service) override {
    std::string first = identity_;
    Clock::time_point heard = Clock::now();
    Message m;
    const auto patience = [&] {
      if (Clock::now() - heard > kAbandoned) std::_Exit(1);
      std::this_thread::sleep_for(kNap);
    };
    const auto say = [&](int tag, const std::vector<std::uint64_t>& numbers, const Results& results) {
      sim::ByteWriter out;
      if (tag == kAsk) {
        out.text(std::exchange(first, ""));
        out.number(service.width);
        out.number(service.interrupted());
      }
      out.number(results.size());
      for (const auto& [i, bytes] : results) {
        out.number(numbers.at(i));
        out.text(bytes);
      }
      if (!mail_.send(0, tag, out.take())) std::_Exit(1);
      while (!mail_.idle()) patience();
    };
    std::vector<std::uint64_t> numbers;
    Results results;
    for (;;) {
      say(kAsk, numbers, std::exchange(results, {}));
      do {
        while (!mail_.receive(m)) patience();
        heard = Clock::now();
      } while (m.tag == kStay);
      if (m.tag == kEndAtOnce) std::_Exit(0);
      if (m.tag != kWork) return;
      std::vector<std::string> items;
      numbers.clear();
      sim::ByteReader in(m.bytes);
      while (!in.at_end()) {
        numbers.push_back(in.number());
        items.emplace_back(in.text());
      }
      Clock::time_point last = Clock::now();
      service.work(items, [&](Results more) {
        std::move(more.begin(), more.end(), std::back_inserter(results));
        if (Clock::now() - last < kBeat) return;
        say(kAlive, numbers, std::exchange(results, {}));
        last = Clock::now();
      });
    }
  }

  ~MpiCluster() override {
    if (rank() == 0) part();
    if (abrupt_) static_cast<void>(environment_.release());  // its end would be MPI_Finalize
  }

 private:
  struct Rank {
    std::vector<std::size_t> share;
    bool waits = false, dead = false;
    bool retired = false;  // it was interrupted
    std::size_t width = 1;
    Clock::time_point heard;
  };

  // False: there was none. Without a hand results are dropped.
  bool take_mail(const Hand* hand) {
    Message m;
    bool any = false;
    while (mail_.receive(m)) {
      any = true;
      Rank& r = ranks_[static_cast<std::size_t>(m.other)];
      r.heard = Clock::now();
      r.dead = false;  // it was only slow
      sim::ByteReader in(m.bytes);
      if (m.tag == kAsk) {
        const std::string_view identity = in.text();
        if (!identity.empty() && identity != identity_)
          fault_ = fmt::format("rank {} does not read the same scenario, or is another build", m.other);
        r.width = std::max<std::size_t>(1, in.number());
        r.retired = in.number() != 0;
      }
      for (std::size_t n = in.count(); n > 0 && in.good() && hand != nullptr && fault_.empty(); --n) {
        const std::uint64_t number = in.number();
        const std::string_view bytes = in.text();
        if (number < base_ || missing_.erase(number - base_) == 0) continue;
        if (!hand->accept(number - base_, std::string(bytes)))
          missing_.erase(missing_.upper_bound(number - base_), missing_.end());
      }
      if (!in.good()) fault_ = fmt::format("rank {} sends what is no result", m.other);
      if (m.tag != kAsk) continue;
      give_back(r);  // what an interrupt left undone
      r.waits = true;
    }
    return any;
  }

  // Items of a share that nobody has finished go to the front of the queue.
  void give_back(Rank& r) {
    for (auto at = r.share.rbegin(); at != r.share.rend(); ++at) {
      if (missing_.count(*at) != 0) queue_.push_front(*at);
    }
    r.share.clear();
  }

  void feed(std::size_t rank) {
    Rank& r = ranks_[rank];
    if (!r.waits || r.dead || r.retired) return;
    const std::size_t fair = queue_.size() / (3 * (ranks_.size() - 1));
    const std::size_t most = std::max(r.width, std::min(fair, kMostInShare));
    sim::ByteWriter out;
    for (; r.share.size() < most && !queue_.empty(); queue_.pop_front()) {
      const std::size_t item = queue_.front();
      if (missing_.count(item) == 0) continue;
      r.share.push_back(item);
      out.number(base_ + item);
      out.text(items_[item]);
    }
    if (r.share.empty()) return;
    r.waits = false;
    r.heard = Clock::now();
    if (!mail_.send(static_cast<int>(rank), kWork, out.take())) bury(r);
  }

  void bury(Rank& r) {
    r.dead = true;
    give_back(r);
  }

  // A rank that waits for work owes no beat.
  void bury_the_silent() {
    const Clock::time_point now = Clock::now();
    for (std::size_t i = 1; i < ranks_.size(); ++i) {
      if (Rank& r = ranks_[i]; !r.dead && !r.waits && now - r.heard > kSilence) bury(r);
    }
  }

  void ping() {
    if (Clock::now() - pinged_ < kPing) return;
    pinged_ = Clock::now();
    for (std::size_t i = 1; i < ranks_.size(); ++i) {
      if (!ranks_[i].dead && !mail_.send(static_cast<int>(i), kStay, "")) bury(ranks_[i]);
    }
  }

  // Every rank that lives is let go when it asks for more.
  void part() {
    std::set<std::size_t> gone{0};
    for (std::size_t i = 1; i < ranks_.size(); ++i) {
      ranks_[i].heard = Clock::now();
      abrupt_ = abrupt_ || ranks_[i].dead;
    }
    // Counted anew each time: a rank that was taken for dead may yet speak.
    const auto open = [&] {
      bool any = false;
      for (std::size_t i = 1; i < ranks_.size(); ++i) any = any || (!ranks_[i].dead && gone.count(i) == 0);
      return any;
    };
    for (const auto end = Clock::now() + kSilence; open() && Clock::now() < end;) {
      take_mail(nullptr);
      for (std::size_t i = 1; i < ranks_.size(); ++i) {
        if (!ranks_[i].waits || ranks_[i].dead) continue;
        ranks_[i].waits = false;
        mail_.send(static_cast<int>(i), abrupt_ ? kEndAtOnce : kEnd, "");
        gone.insert(i);
      }
      mail_.idle();
      std::this_thread::sleep_for(kNap);
    }
    abrupt_ = abrupt_ || open();
    for (const auto end = Clock::now() + kBeat; !mail_.idle() && Clock::now() < end;)
      std::this_thread::sleep_for(kNap);
    abrupt_ = abrupt_ || !mail_.idle();
  }

  std::unique_ptr<mpi::environment> environment_;
  mpi::communicator world_;
  Mail mail_;
  std::string identity_, fault_;
  std::vector<Rank> ranks_;
  std::uint64_t base_ = 0;  // number of the round's first item
  std::vector<std::string> items_;
  std::deque<std::size_t> queue_;
  std::set<std::size_t> missing_;
  Clock::time_point pinged_ = Clock::now();
  bool abrupt_ = false;
};

// The names under which launchers tell a process how many there are, and which it is.
constexpr const char* kSizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"};
constexpr const char* kRanks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};

}  // namespace

std::unique_ptr<Cluster> join_cluster(const std::string& identity) {
  for (const char* name : kSizes) {
    if (std::getenv(name) == nullptr) continue;
    auto cluster = std::make_unique<MpiCluster>(identity);
    if (cluster->size() > 1) return cluster;
    break;
  }
  return nullptr;
}

bool is_follower() {
  for (const char* name : kRanks) {
    if (const char* rank = std::getenv(name)) return std::strcmp(rank, "0") != 0;
  }
  return false;
}

#else

std::unique_ptr<Cluster> join_cluster(const std::string&) {
  return nullptr;
}

bool is_follower() {
  return false;
}

#endif

ScenarioArguments said_once(ScenarioArguments arguments) {
  arguments.quiet = arguments.quiet || is_follower();
  return arguments;
}

}  // namespace tailrace::cli
