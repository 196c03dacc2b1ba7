// Clock and reset for the chip; prints what it sends, until it sends an end of transmission.
#include <cstdio>
#include <memory>

#include "Vsoc.h"
#include "verilated.h"

constexpr char end_of_transmission = 4;
constexpr long last_cycle = 20'000'000;

int main(int argc, char** argv) {
  Verilated::commandArgs(argc, argv);
  auto soc = std::make_unique<Vsoc>();
  soc->serial_source_ready = 1;
  for (long cycle = 0; cycle < last_cycle; cycle++) {
    soc->sys_rst = cycle < 8;
    soc->sys_clk = 0;
    soc->eval();
    const bool sends = soc->serial_source_valid;
    const char letter = static_cast<char>(soc->serial_source_data);
    soc->sys_clk = 1;
    soc->eval();
    if (sends && letter == end_of_transmission) {
      std::printf("the chip ran for %ld cycles\n", cycle);
      return 0;
    }
    if (sends) std::putchar(letter);
  }
  std::fprintf(stderr, "the program does not end\n");
  return 1;
}
