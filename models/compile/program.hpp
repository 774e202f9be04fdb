#pragma once
// Compiles steps to the program that frames run (Step16), branches and loops included.
#include <functional>
#include <utility>
#include <vector>

#include "models/compile/writer.hpp"

namespace tailrace::models {

struct StepLimit;

// Where a program runs: what its streams are called, and whether it must mind its worker.
struct ProgramPlace {
  std::string component;
  std::string purpose;
  bool async = false;
  std::uint8_t special_work = 0;  // Step16::flags of compute: more than time passes
  bool pauses = false;            // the instance can stand still
  bool late = false;              // and what works then has to be made up for by its own frame
  std::uint32_t station = kNoId;  // none: a workload's
  std::uint8_t cache_depth = 0;   // cache steps around it
};

class ProgramCompiler : public ModelWriter {
 public:
  using ModelWriter::ModelWriter;

  std::uint32_t pc() const { return static_cast<std::uint32_t>(m_.steps.size()); }
  // Appends one step; returns where it is.
  std::uint32_t emit(Op op, std::uint32_t first = 0);
  // Emits the steps in order. `held`: an async program holds a worker here; what it is afterwards is left in
  // it.
  void body(const Steps& steps, const ProgramPlace& place, bool& held);
  // Where an instance can stand still its frames stop here, and come here again when it goes on.
  void thaw(const ProgramPlace& place, bool late);
  // Work of crossing a network; where the station is slower, or has cores, that too.
  void wire(std::uint16_t work, std::uint32_t edge, const ProgramPlace& place, bool& held);
  // After all programs and guards: tells the calls of cache steps whose key they are about.
  void cache_depths();

 private:
  using Place = ProgramPlace;
  std::uint32_t sub_program(const Steps& steps, const Place& place);
  void need_worker(const Place& place, bool& held);
  void no_worker(const Place& place, bool& held);
  void parallel(const Step& s, const Place& here, bool& held);
  void attempt(const Step& s, const Place& here, bool& held);
  void timed_attempt(const Step& s, const StepLimit& limit, const Place& here, bool& held);
  void spawn(const Step& s, const Place& here);
  // A program of a frame that nobody waits for; returns its first step.
  std::uint32_t root_program(const Steps& steps, const Place& here, const char* purpose);
  void hold(const Step& s, const Place& here);
  void effect(const Step& s, const Place& here, bool& held);
  void await(const Step& s, const Place& here, bool& held);
  void branch(const Step& s, const Place& here, bool& held);
  void given(const Step& s, const Place& here, bool& held);
  void saga_begins(int begun, std::uint32_t first, const Place& here);
  void saga_ends(int ended, const Place& here);
  void loop(const Step& s, const Place& here, bool& held);
  // Emits one of a step's branches.
  using Branch = std::function<void(std::size_t branch, bool& worker)>;
  void cache(const Step& s, const Place& here, bool& held);
  void cache_look(const Step& s, std::uint32_t id, const Branch& run, const Place& here, bool& held);

  std::uint32_t tried_ = kNoId;  // first step of what the timed attempt around this place tries
  std::vector<std::pair<int, std::uint8_t>> cache_calls_;  // edge, depth of the site whose key it is about
};

}  // namespace tailrace::models
