/** Emphasis on a terminal, nothing elsewhere: piped output is plain text. */
import pc from 'picocolors';

const styled = (paint: (text: string) => string) => (process.stdout.isTTY ? paint : String);

export const bold = styled(pc.bold);
export const dim = styled(pc.dim);
export const green = styled(pc.green);
export const red = styled(pc.red);
