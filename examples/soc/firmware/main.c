/* Sends samples to the network and prints what it says: the class, and the cycles it took. */
#include "samples.h"
#include "snnc_digits.h"
#include "soc.h"

static void put(char letter) {
  while (*(volatile uint32_t *)CSR_UART_TXFULL_ADDR) {}
  *(volatile uint32_t *)CSR_UART_RXTX_ADDR = (uint32_t)letter;
}

static void print(const char *text) {
  while (*text) put(*text++);
}

static void print_number(uint32_t number) {
  char digits[10];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10); while (number /= 10);
  while (count) put(digits[--count]);
}

static uint32_t largest(const int32_t *outputs) {
  uint32_t best = 0, number;
  for (number = 1; number < SNNC_DIGITS_OUTPUTS; number++) {
    if (outputs[number] > outputs[best]) best = number;
  }
  return best;
}

int main(void) {
  static int32_t outputs[SNNC_DIGITS_OUTPUTS];
  uint32_t sample;
  if (!snnc_present(SNNC_BASE)) print("no peripheral\n");
  for (sample = 0; sample < SAMPLES; sample++) {
    int wrong = snnc_digits_run(SNNC_BASE, samples[sample], STRIDE, outputs);
    print("sample ");
    print_number(sample);
    print(": class ");
    print_number(largest(outputs));
    print(" in ");
    print_number(snnc_read(SNNC_BASE, SNNC_FINISHED));
    print(" cycles, ");
    print_number(snnc_read(SNNC_BASE, SNNC_BUSY));
    print(wrong ? " busy, wrong\n" : " busy\n");
  }
  put(4); /* End of transmission: the bench stops. */
  return 0;
}
