#pragma once
// The graph between the steps of the layered layout: places (nodes, and dummies where an edge passes a rank),
// segments between neighbouring ranks, and the order of the places in each rank. Internal to viewer/layout.
#include <cstddef>
#include <vector>

#include "viewer/layout/layered.hpp"

namespace tailrace::viewer {

struct Place {
  int node = -1;  // -1: a dummy
  int edge = -1;  // of a dummy
  int rank = 0;
  int band = 0;  // 0: in no group; else group + 1
  float height = 0;
  float y = 0;                   // centre
  double key = 0;                // where it wants to be in the order
  bool fixed = false;            // has its earlier place
  std::vector<int> left, right;  // neighbours in the ranks beside
};

struct Layers {
  std::vector<Place> places;             // nodes first, by their numbers
  std::vector<std::vector<int>> ranks;   // places in their order
  std::vector<int> position;             // of each place in its rank
  std::vector<std::vector<int>> chains;  // by edge: places from the left end to the right one
  std::vector<bool> reversed;            // by edge
  int bands = 1;

  void number() {
    position.resize(places.size());
    for (const std::vector<int>& rank : ranks) {
      for (std::size_t i = 0; i < rank.size(); ++i)
        position[static_cast<std::size_t>(rank[i])] = static_cast<int>(i);
    }
  }
  Place& operator[](int place) { return places[static_cast<std::size_t>(place)]; }
  const Place& operator[](int place) const { return places[static_cast<std::size_t>(place)]; }
  int at(int place) const { return position[static_cast<std::size_t>(place)]; }
};

// The rank of each node: the longest way to it from nodes that nobody calls, edges that close cycles left
// out.
std::vector<int> ranks_of(std::size_t nodes, const std::vector<LayoutEdge>& edges);
Layers make_layers(const LayoutInput& input);  // cycles, ranks, dummies: layers.cpp
// Of all neighbouring ranks, by the present order. O(segments log segments).
std::size_t count_crossings(const Layers& layers);
// order.cpp: puts each rank in order; returns the crossings of the order in which the nodes came.
std::size_t order_places(Layers& layers);
// place.cpp: y of every place, in the order given.
void place_rows(Layers& layers, const LayoutInput& input);

}  // namespace tailrace::viewer
