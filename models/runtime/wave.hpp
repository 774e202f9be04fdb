#pragma once
// Inversion of the integral of a sinusoidal rate: base + amplitude sin(2 pi (t / period + phase)), with
// amplitude <= base.

namespace tailrace::models {

struct Wave {
  double base;       // per ns
  double amplitude;  // per ns
  double period;     // ns
  double phase;      // fraction of the period
};

// The time at which the integral of the rate from `from` reaches `needed`; a huge number when it never does.
double wave_advance(const Wave& wave, double from, double needed);

}  // namespace tailrace::models
