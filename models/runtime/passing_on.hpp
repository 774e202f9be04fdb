#pragma once
// Connections through balancers of layer 4: over which one a request came, and to which instance that leads.
// A connection is its caller's (models/policies/transport/connections.hpp); a request that came without a
// transport has one of its own. Models without such balancers have none of this.
//
// Cost: 16 bytes a frame, an entry for each connection and balanced station; entries of connections that are
// closed are dropped whenever there are twice as many as were left the last time.
#include <cstdint>
#include <map>
#include <vector>

namespace tailrace::models {

class Connections;

class PassingOn {
 public:
  static constexpr std::uint64_t kOwn = 0;  // a connection of the request's own
  static constexpr std::uint32_t kNowhere = 0xffffffffu;

  void passes(std::uint32_t edge, std::size_t edges) {
    passes_.resize(edges);
    passes_[edge] = true;
  }
  bool on() const { return !passes_.empty(); }
  bool passes(std::uint32_t edge) const { return on() && passes_[edge]; }

  void append() {
    if (on()) frames_.push_back({});
  }
  void release(std::uint32_t slot) {
    if (on()) frames_[slot] = {};
  }
  // The call of the frame has got that connection.
  void took(std::uint32_t slot, std::uint32_t state, std::uint32_t serial) {
    if (on()) frames_[slot].out = (std::uint64_t{state} + 1) << 32 | serial;
  }
  // Its attempt goes over it; or over the one that the frame came by.
  void carry(std::uint32_t slot, std::uint32_t child, std::uint32_t edge, bool transport) {
    frames_[child].in = passes_[edge] ? frames_[slot].in : transport ? frames_[slot].out : kOwn;
  }

  struct End {
    std::uint32_t instance = kNowhere, incarnation = 0;
  };
  // Where the frame's connection leads to among the station's instances; null: it is the request's own.
  End* end(std::uint32_t slot, std::uint32_t station, const std::vector<Connections*>& connections);

 private:
  struct Carried {
    std::uint64_t in = kOwn, out = kOwn;
  };
  std::vector<bool> passes_;  // by edge
  std::vector<Carried> frames_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, End> ends_;
  std::size_t look_again_ = 1024;
};

}  // namespace tailrace::models
