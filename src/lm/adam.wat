;; AdamW (Loshchilov & Hutter 2019) over arrays of float32 in one shared memory, four numbers at a time. `npm run wasm` makes
;; adam.wasm.ts from this file. Addresses are in bytes and multiples of 16; `end` is the address behind the first array.
(module
  (import "memory" "shared" (memory 1 65536 shared))

  ;; The sum of squares, in double precision.
  (func (export "sumOfSquares") (param $x i32) (param $end i32) (result f64)
    (local $a v128) (local $low v128) (local $high v128)
    (local $sums v128) (local $others v128)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $x) (local.get $end)))
        (local.set $a (v128.load (local.get $x)))
        (local.set $low (f64x2.promote_low_f32x4 (local.get $a)))
        (local.set $high (f64x2.promote_low_f32x4
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 0 0 0 0 0 0 0 (local.get $a) (local.get $a))))
        (local.set $sums (f64x2.add (local.get $sums) (f64x2.mul (local.get $low) (local.get $low))))
        (local.set $others (f64x2.add (local.get $others) (f64x2.mul (local.get $high) (local.get $high))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br $next)))
    (local.set $sums (f64x2.add (local.get $sums) (local.get $others)))
    (f64.add (f64x2.extract_lane 0 (local.get $sums)) (f64x2.extract_lane 1 (local.get $sums))))

  ;; m = beta1 m + (1 - beta1) scale g, v = beta2 v + (1 - beta2) (scale g)^2, p = kept p - rate m / (sqrt(v) + floor)
  (func (export "step")
    (param $p i32) (param $end i32) (param $m i32) (param $v i32) (param $g i32)
    (param $scale f32) (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32)
    (param $kept f32) (param $rate f32) (param $floor f32)
    (local $gradient v128) (local $mean v128) (local $square v128)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
        (local.set $gradient (f32x4.mul (v128.load (local.get $g)) (f32x4.splat (local.get $scale))))
        (local.set $mean (f32x4.add
          (f32x4.mul (v128.load (local.get $m)) (f32x4.splat (local.get $beta1)))
          (f32x4.mul (local.get $gradient) (f32x4.splat (local.get $rest1)))))
        (local.set $square (f32x4.add
          (f32x4.mul (v128.load (local.get $v)) (f32x4.splat (local.get $beta2)))
          (f32x4.mul (f32x4.mul (local.get $gradient) (local.get $gradient)) (f32x4.splat (local.get $rest2)))))
        (v128.store (local.get $m) (local.get $mean))
        (v128.store (local.get $v) (local.get $square))
        (v128.store (local.get $p) (f32x4.sub
          (f32x4.mul (v128.load (local.get $p)) (f32x4.splat (local.get $kept)))
          (f32x4.div
            (f32x4.mul (local.get $mean) (f32x4.splat (local.get $rate)))
            (f32x4.add (f32x4.sqrt (local.get $square)) (f32x4.splat (local.get $floor))))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))))
