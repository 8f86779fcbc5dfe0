import Primitives
import Testing

/// A table of names beside an array that is searched from the front.
@Suite struct NameTableTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func behavesLikeAnArray(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        var table = NameTable(seed: HashSeed(seed, 2))
        var model: [[UInt8]] = []
        for step in 0..<20_000 {
            // Few names, of all lengths, so that the same come again and slots are shared.
            let number = random.below(step % 4000 < 2000 ? 400 : 30)
            let name = [UInt8](repeating: UInt8(number % 7), count: number / 7)
            switch random.below(step % 4000 < 2000 ? 3 : 5) {
            case 0, 1:
                let (place, isNew) = table.insert(name.rawSpan)
                #expect(isNew == !model.contains(name), "seed \(seed), step \(step)")
                if isNew { model.append(name) }
                #expect(model[place] == name, "seed \(seed), step \(step)")
            case 2 where random.below(500) == 0:
                #expect(table.takeAll() == model, "seed \(seed), step \(step)")
                model = []
            default:
                let place = table.find(name.rawSpan)
                #expect(place == model.firstIndex(of: name), "seed \(seed), step \(step)")
                guard let place else { continue }
                table.remove(at: place)
                model.swapAt(place, model.count - 1)
                model.removeLast()
            }
            #expect(table.count == model.count)
        }
        #expect(table.names == model, "seed \(seed)")
    }
}
