#pragma once
// Admission seam, at the door: an allow list. Whoever is not on it is refused at once, before the request has
// cost a worker or a core. Clients are told apart by the request's key (an address, an account); or, where it
// does not matter who is who, a share of the requests is refused by chance. Refusals are Outcome::rejected
// (the 403 of HTTP). Cost: a binary search among the ranges, or one draw.
#include <vector>

#include "models/policy/policy.hpp"

namespace tailrace::models {

struct KeyRange {
  std::uint64_t first = 0, last = 0;  // both included
};

struct AllowListSpec {
  std::vector<KeyRange> clients;
  std::optional<Fraction> refused;
};

class AllowList final : public AdmissionPolicy {
 public:
  // `clients` in ascending order and apart from each other; where there are none, `refused` decides.
  AllowList(std::vector<KeyRange> clients, double refused)
      : clients_(std::move(clients)), refused_(refused) {}
  Admission admit(const CallFacts&, sim::Stream&) override;

 private:
  std::vector<KeyRange> clients_;
  double refused_;
};

class AllowListModel final : public AdmissionModel {
 public:
  AllowListModel(std::vector<KeyRange> clients, double refused)
      : clients_(std::move(clients)), refused_(refused) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<AllowList>(clients_, refused_);
  }
  bool by_client() const { return !clients_.empty(); }

 private:
  std::vector<KeyRange> clients_;
  double refused_;
};

PolicyInfo allow_list_policy();

}  // namespace tailrace::models
