import Engine
import Primitives
import RESP

/// What SSCAN, HSCAN and ZSCAN ask for behind their cursor.
struct ElementScan {
    /// Elements that a call shall return, about.
    private(set) var count = 10
    private var pattern: [UInt8]?
    /// Whether NOVALUES or NOSCORES was said.
    private(set) var isBare = false

    /// Reads the options from argument `first` on; `bareWord` is the option that leaves values out.
    init(
        _ context: inout CommandContext, _ arguments: borrowing Arguments, from first: Int, bareWord: StaticString? = nil
    ) throws(CommandError) {
        var index = first
        while index < arguments.count {
            if let bareWord, arguments[index].matches(bareWord) {
                isBare = true
                index += 1
                continue
            }
            guard index + 1 < arguments.count else { throw .syntax }
            let value = arguments[index + 1]
            if arguments[index].matches("COUNT") {
                let wanted = try context.integer(value).value
                guard wanted >= 1 else { throw .syntax }
                count = Int(wanted)
            } else if arguments[index].matches("MATCH") {
                pattern = Glob.matchesAll(value) ? nil : value.array
            } else {
                throw .syntax
            }
            index += 2
        }
    }

    /// Whether an element is to be returned.
    func accepts(_ element: RawSpan) -> Bool {
        guard let pattern else { return true }
        return Glob.matches(pattern.rawSpan, element)
    }
}

extension ReplyWriter {
    /// The reply of a scan over nothing.
    mutating func emptyScan() {
        array(2)
        bulk("0")
        array(0)
    }
}
