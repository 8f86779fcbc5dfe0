extension InlineWords {
    /// A word in double quotes, as `split` reads it; bytes that do not print are escaped.
    public static func quoted(_ word: [UInt8]) -> [UInt8] {
        let digits = [UInt8]("0123456789abcdef")
        var quoted: [UInt8] = [34]
        for byte in word {
            switch byte {
            case 34, 92: quoted += [92, byte]
            case 7: quoted += [92, 97]
            case 8: quoted += [92, 98]
            case 9: quoted += [92, 116]
            case 10: quoted += [92, 110]
            case 13: quoted += [92, 114]
            case 32...126: quoted.append(byte)
            default: quoted += [92, 120, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return quoted + [34]
    }
}
